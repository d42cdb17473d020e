/*
 * The few lines of C in the executable: what cannot be said in Java.
 *
 *  - a child between clone(2) and execve(2) shares our memory and may run no Java;
 *  - the initial thread's signal mask has to be set before the image's own threads exist;
 *  - errno has to be read before the image's runtime can change it;
 *  - the initial environment block, which /proc/PID/environ shows, lies outside the Java heap;
 *  - memory for the case that no more is to be had is handed out below the Java heap.
 *
 * Everything else is asked of the kernel by number, through runner_init_syscall.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

#define KERNEL_SIGNALS 64
#define KERNEL_SIGSET_BYTES (KERNEL_SIGNALS / 8)
#define CHILD_STACK_BYTES 16384

/* The result, or the negative errno. */
long runner_init_syscall(long number, long a, long b, long c, long d, long e, long f) {
  long result = syscall(number, a, b, c, d, e, f);
  return result == -1 ? -errno : result;
}

/*
 * Copies count strings into buffer, each with its final NUL, when they fit into size bytes. Returns
 * the bytes that they take.
 */
static long copy_strings(char **strings, long count, char *buffer, long size) {
  long needed = 0;
  for (long i = 0; i < count; i++) needed += (long)strlen(strings[i]) + 1;
  if (needed > size) return needed;
  for (long i = 0; i < count; i++) {
    size_t length = strlen(strings[i]) + 1;
    memcpy(buffer, strings[i], length);
    buffer += length;
  }
  return needed;
}

static long count_variables(void) {
  extern char **environ;
  long count = 0;
  while (environ && environ[count]) count++;
  return count;
}

/* The initial environment, as copy_strings copies it. */
long runner_init_environment(char *buffer, long size) {
  extern char **environ;
  return copy_strings(environ, count_variables(), buffer, size);
}

#ifdef RUNNER_INIT_EXECUTABLE
/* Where the kernel has left the environment: below it on the stack lie argv and argc. */
static char **initial_environment;

/* The initial arguments, as copy_strings copies them: main's have been decoded, and lost bytes. */
long runner_init_arguments(char *buffer, long size) {
  long count = 0;
  while ((long)initial_environment[-2 - count] != count) count++;
  return copy_strings(initial_environment - 1 - count, count, buffer, size);
}
#else
long runner_init_arguments(char *buffer, long size) {
  (void)buffer;
  (void)size;
  return 0;
}
#endif

/* Overwrites the values of all variables whose names begin with prefix, in the initial block. */
void runner_init_wipe_environment(const char *prefix) {
  extern char **environ;
  size_t length = strlen(prefix);
  for (char **entry = environ; entry && *entry; entry++) {
    if (strncmp(*entry, prefix, length) == 0) {
      char *value = strchr(*entry, '=');
      if (value) memset(value + 1, 0, strlen(value + 1));
    }
  }
}

/* Laid out by Processes.java: eight bytes a field. */
struct spawn_request {
  const char *path;
  char *const *argv;
  char *const *envp;
  int64_t stdio[3];
  int64_t foreground;  /* whether its group gets the terminal */
  int64_t change_user; /* with uid, gid and groups */
  int64_t uid;
  int64_t gid;
  int64_t group_count; /* negative: the groups stay */
  const uint32_t *groups;
  /* filled in by runner_init_spawn */
  int64_t parent;
  volatile int64_t error;
};

static void default_signals(void) {
  char action[64]; /* a zeroed kernel sigaction is SIG_DFL with no flags, on every architecture */
  memset(action, 0, sizeof action);
  for (int signal = 1; signal <= KERNEL_SIGNALS; signal++) {
    syscall(SYS_rt_sigaction, signal, action, NULL, KERNEL_SIGSET_BYTES);
  }
}

static int place_descriptors(const int64_t *stdio) {
  int from[3];
  for (int target = 0; target < 3; target++) {
    from[target] = (int)stdio[target];
    if (from[target] < 3 && from[target] != target) {
      /* out of the way of the dup that would overwrite it */
      from[target] = fcntl(from[target], F_DUPFD_CLOEXEC, 3);
      if (from[target] < 0) return -1;
    }
  }
  for (int target = 0; target < 3; target++) {
    if (from[target] == target) {
      int flags = fcntl(target, F_GETFD);
      if (flags < 0 || fcntl(target, F_SETFD, flags & ~FD_CLOEXEC) < 0) return -1;
    } else if (dup3(from[target], target, 0) < 0) {
      return -1;
    }
  }
  return 0;
}

static void close_the_rest(void) {
  if (syscall(SYS_close_range, 3, ~0U, 0) == 0) return;
  /* before Linux 5.9, or forbidden by a seccomp profile of that time */
  struct rlimit limit;
  int end = 65536;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 65536) end = (int)limit.rlim_cur;
  for (int descriptor = 3; descriptor < end; descriptor++) close(descriptor);
}

/* Raw calls: libc's would change the credentials of every thread of the process it knows. */
static int change_user(const struct spawn_request *request) {
  if (request->group_count >= 0 &&
      syscall(SYS_setgroups, request->group_count, request->groups) != 0) {
    return -1;
  }
  if (syscall(SYS_setresgid, request->gid, request->gid, request->gid) != 0) return -1;
  if (syscall(SYS_setresuid, request->uid, request->uid, request->uid) != 0) return -1;
  return 0;
}

/*
 * Makes this process's group the foreground group of the terminal that is its standard input, output
 * or error, if one is; SIGTTOU, by which a background group may not do that, is blocked.
 */
static void take_terminal(void) {
  int group = (int)syscall(SYS_getpid);
  for (int descriptor = 0; descriptor < 3; descriptor++) {
    if (ioctl(descriptor, TIOCSPGRP, &group) == 0) return;
  }
}

static int child(void *argument) {
  struct spawn_request *request = argument;
  default_signals();
  if (syscall(SYS_setpgid, 0, 0) != 0) goto failed;
  if (request->foreground) take_terminal();
  if (place_descriptors(request->stdio) != 0) goto failed;
  close_the_rest();
  if (request->change_user && change_user(request) != 0) goto failed;
  /* after the credentials, whose change clears it: prctl(2) */
  if (syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) goto failed;
  if (syscall(SYS_getppid) != request->parent) _exit(127); /* the parent died before the prctl */
  uint64_t none = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, KERNEL_SIGSET_BYTES);
  syscall(SYS_execve, request->path, request->argv, request->envp);
failed:
  request->error = errno;
  syscall(SYS_exit_group, 127);
  return 127;
}

/*
 * Starts a child in a process group of its own, and returns its pid once it runs its program; or
 * the negative errno, with no child left. The calling thread has to live as long as the process,
 * since the parent-death signal follows the thread.
 */
long runner_init_spawn(struct spawn_request *request) {
  char stack[CHILD_STACK_BYTES] __attribute__((aligned(16)));
  uint64_t all = ~(uint64_t)0;
  uint64_t old;
  request->parent = syscall(SYS_getpid);
  request->error = 0;
  /* no handler of ours may run in the child, which shares this memory */
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &old, KERNEL_SIGSET_BYTES);
  int pid = clone(child, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, request);
  int error = pid < 0 ? errno : (int)request->error;
  if (pid > 0 && error != 0) {
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
  }
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &old, NULL, KERNEL_SIGSET_BYTES);
  return error != 0 ? -error : pid;
}

/* Replaces this program, with nothing of our signal handling left. Returns the negative errno. */
long runner_init_execute(const char *path, char *const *argv, char *const *envp) {
  uint64_t none = 0;
  /* what a write to a closed pipe has left pending would end us here; to ignore it discards it */
  uintptr_t ignored[8] = {(uintptr_t)SIG_IGN}; /* a kernel sigaction begins with the handler */
  syscall(SYS_rt_sigaction, SIGPIPE, ignored, NULL, KERNEL_SIGSET_BYTES);
  default_signals();
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, KERNEL_SIGSET_BYTES);
  syscall(SYS_execve, path, argv, envp);
  return -errno;
}

#ifdef RUNNER_INIT_EXECUTABLE
/*
 * What is handed out when the kernel refuses memory: any process of our user can lower our
 * RLIMIT_AS and RLIMIT_DATA below what is in use, but it can't take what we have. It costs nothing
 * until it is touched. The linker has the image's calls of these functions come here (--wrap); the
 * unit is that of the Java heap, which asks for two of them and returns what is not aligned.
 */
#define UNIT ((uintptr_t)131072)
#define UNITS 64
static char reserve[(UNITS + 1) * UNIT];
static uint64_t taken; /* a bit a unit */

void *__real_mmap(void *address, size_t bytes, int protection, int flags, int file, off_t offset);
int __real_munmap(void *address, size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void __real_free(void *memory);

static uintptr_t reserve_start(void) { return ((uintptr_t)reserve + UNIT - 1) & ~(UNIT - 1); }

static int is_reserve(const void *memory) {
  return (uintptr_t)memory - reserve_start() < UNITS * UNIT;
}

/* Zeroed memory, or NULL. Safe for any thread. */
static void *take(size_t bytes) {
  if (bytes > UNITS * UNIT / 2) return NULL;
  uint64_t units = ((uint64_t)1 << (bytes + UNIT - 1) / UNIT) - 1;
  for (unsigned at = 0; at < UNITS && units << at >> at == units; at++) {
    uint64_t before = __atomic_load_n(&taken, __ATOMIC_SEQ_CST);
    while ((before & units << at) == 0) {
      if (__atomic_compare_exchange_n(&taken, &before, before | units << at, 0, __ATOMIC_SEQ_CST,
                                      __ATOMIC_SEQ_CST)) {
        return (void *)(reserve_start() + at * UNIT);
      }
    }
  }
  return NULL;
}

static void give_back(void *memory, size_t bytes) {
  for (size_t done = 0; done < bytes; done += UNIT) {
    char *unit = (char *)memory + done;
    if (madvise(unit, UNIT, MADV_DONTNEED) < 0) memset(unit, 0, UNIT);
    uint64_t bit = (uint64_t)1 << ((uintptr_t)unit - reserve_start()) / UNIT;
    __atomic_and_fetch(&taken, ~bit, __ATOMIC_SEQ_CST);
  }
}

/* The heap first reserves, then commits at the address: for RLIMIT_DATA only the second counts. */
void *__wrap_mmap(void *address, size_t bytes, int protection, int flags, int file, off_t offset) {
  if (is_reserve(address)) return address;
  if (address || !(flags & MAP_ANONYMOUS)) {
    return __real_mmap(address, bytes, protection, flags, file, offset);
  }
  void *memory = __real_mmap(address, bytes, PROT_READ | PROT_WRITE, flags, file, offset);
  void *reserved = memory == MAP_FAILED ? take(bytes) : NULL;
  return reserved ? reserved : memory;
}

int __wrap_munmap(void *address, size_t bytes) {
  if (!is_reserve(address)) return __real_munmap(address, bytes);
  give_back(address, bytes);
  return 0;
}

/* A piece of the C heap takes a unit: those that a report needs are few. */
void *__wrap_calloc(size_t count, size_t bytes) {
  void *memory = __real_calloc(count, bytes);
  return memory || bytes == 0 || count > UNIT / bytes ? memory : take(count * bytes);
}

void __wrap_free(void *memory) {
  if (is_reserve(memory)) {
    give_back(memory, UNIT);
  } else {
    __real_free(memory);
  }
}

/*
 * Before anything else of the process, so that a signal that comes from now on stays pending until
 * the event loop takes it, in whichever thread. Left alone are the synchronous faults, and signal
 * 62, by which the JDK's network code wakes a thread of its own.
 */
__attribute__((constructor(101))) static void before_main(void) {
  extern char **environ;
  static const int unblocked[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS,
                                  SIGABRT, 32,     33,     34,     62};
  uint64_t blocked = ~(uint64_t)0;
  for (size_t i = 0; i < sizeof unblocked / sizeof *unblocked; i++) {
    blocked &= ~((uint64_t)1 << (unblocked[i] - 1));
  }
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &blocked, NULL, KERNEL_SIGSET_BYTES);
  /* an ignored SIGCHLD, which execve(2) hands on, would make the kernel discard exit statuses */
  char action[64];
  memset(action, 0, sizeof action);
  syscall(SYS_rt_sigaction, SIGCHLD, action, NULL, KERNEL_SIGSET_BYTES);
  initial_environment = environ;
  /* a pipe or socket opened later must never land on 0-2 */
  for (int descriptor = 0; descriptor < 3; descriptor++) {
    if (fcntl(descriptor, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) < 0 &&
        open("/", O_RDONLY | O_DIRECTORY) < 0) {
      _exit(1);
    }
  }
}
#endif
