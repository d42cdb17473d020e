package com.circleci.runnerinit.linux;

/** Error numbers of Linux (errno(3)), with the words that its users know them by. */
public final class Errno {
  public static final int EPERM = 1;
  public static final int ENOENT = 2;
  public static final int ESRCH = 3;
  public static final int EINTR = 4;
  public static final int ENXIO = 6;
  public static final int EAGAIN = 11;
  public static final int ECHILD = 10;
  public static final int ENOMEM = 12;
  public static final int EACCES = 13;
  public static final int EEXIST = 17;
  public static final int ENOTDIR = 20;
  public static final int EISDIR = 21;
  public static final int EINVAL = 22;
  public static final int ENFILE = 23;
  public static final int EMFILE = 24;
  public static final int ENOSPC = 28;
  public static final int EROFS = 30;
  public static final int EPIPE = 32;
  public static final int ENAMETOOLONG = 36;
  public static final int ENOSYS = 38;
  public static final int ELOOP = 40;
  public static final int EOPNOTSUPP = 95;
  public static final int EAFNOSUPPORT = 97;
  public static final int EADDRINUSE = 98;
  public static final int EADDRNOTAVAIL = 99;
  public static final int ECONNABORTED = 103;
  public static final int EINPROGRESS = 115;
  public static final int EDQUOT = 122;

  private Errno() {}

  /** What strerror(3) says, in the lower-case form that Go's error messages have. */
  public static String describe(int number) {
    return switch (number) {
      case EPERM -> "operation not permitted";
      case ENOENT -> "no such file or directory";
      case ESRCH -> "no such process";
      case EINTR -> "interrupted system call";
      case 5 -> "input/output error";
      case ENXIO -> "no such device or address";
      case 7 -> "argument list too long";
      case 8 -> "exec format error";
      case 9 -> "bad file descriptor";
      case ECHILD -> "no child processes";
      case EAGAIN -> "resource temporarily unavailable";
      case ENOMEM -> "cannot allocate memory";
      case EACCES -> "permission denied";
      case 16 -> "device or resource busy";
      case EEXIST -> "file exists";
      case 18 -> "invalid cross-device link";
      case ENOTDIR -> "not a directory";
      case EISDIR -> "is a directory";
      case EINVAL -> "invalid argument";
      case ENFILE -> "too many open files in system";
      case EMFILE -> "too many open files";
      case 26 -> "text file busy";
      case 27 -> "file too large";
      case ENOSPC -> "no space left on device";
      case EROFS -> "read-only file system";
      case EPIPE -> "broken pipe";
      case ENAMETOOLONG -> "file name too long";
      case ENOSYS -> "function not implemented";
      case ELOOP -> "too many levels of symbolic links";
      case EOPNOTSUPP -> "operation not supported";
      case EAFNOSUPPORT -> "address family not supported by protocol";
      case EADDRINUSE -> "address already in use";
      case EADDRNOTAVAIL -> "cannot assign requested address";
      case ECONNABORTED -> "software caused connection abort";
      case 101 -> "network is unreachable";
      case 104 -> "connection reset by peer";
      case 110 -> "connection timed out";
      case 111 -> "connection refused";
      case 113 -> "no route to host";
      case EINPROGRESS -> "operation now in progress";
      case EDQUOT -> "disk quota exceeded";
      default -> "errno " + number;
    };
  }
}
