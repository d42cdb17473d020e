/* Calls that the image can't make itself: variadic ones, and those of names that differ. */
#include <fcntl.h>
#include <stdio.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

char **getEnviron(void) { return environ; }

int getThreadId(void) { return (int)syscall(SYS_gettid); }

int openSII(const char *path, int flags, int mode) { return open(path, flags, mode); }

int openatISII(int directory, const char *path, int flags, int mode) {
  return openat(directory, path, flags, mode);
}

int fprintfSD(FILE *stream, const char *format, char *text, int number) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  return fprintf(stream, format, text, number);
#pragma GCC diagnostic pop
}

void *mremapP(void *old_address, size_t old_size, size_t new_size, int flags, void *new_address) {
  return mremap(old_address, old_size, new_size, flags, new_address);
}

void codeSynchronization_clearCache(int64_t begin, int64_t end) {
  __builtin___clear_cache((char *)begin, (char *)end);
}

/* Nanoseconds of user time from proc(5), or -1. */
int64_t getThreadUserTimeSlow(int thread) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%d/stat", thread);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return -1;
  }
  char text[2048];
  ssize_t length = read(file, text, sizeof text - 1);
  close(file);
  if (length <= 0) {
    return -1;
  }
  text[length] = '\0';
  /* The thread's name may hold spaces and parentheses: the fields start after the last one. */
  char *fields = strrchr(text, ')');
  unsigned long ticks;
  if (fields == NULL
      || sscanf(fields + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu", &ticks) != 1) {
    return -1;
  }
  return (int64_t)ticks * (1000000000L / sysconf(_SC_CLK_TCK));
}
