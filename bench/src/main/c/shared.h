/*
 * What the measuring program and the agent tell each other: a file of theirs, mapped by both, so
 * that a time is written down without a system call. Times are CLOCK_MONOTONIC in nanoseconds.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PIDS = 16384 };

#ifndef FUTEX_WAIT /* musl has no linux/futex.h */
#define FUTEX_WAIT 0
#define FUTEX_WAKE 1
#endif

struct shared {
  int64_t start_at;   /* before PID 1's execve */
  int64_t main_at;    /* the agent's main began */
  int64_t end_at;     /* the agent is about to exit */
  int64_t signal_at;  /* the agent's handler ran */
  int64_t work_began, work_ended;
  int64_t orphans;    /* made so far */
  int64_t most_left;  /* the most orphans that were there at once, dead or about to be */
  uint32_t ready;     /* the agent waits for go */
  uint32_t go;
  uint32_t stop_load; /* the agent's load is to end */
  uint32_t exec_errno;
  int32_t pids[PIDS];
};

static inline int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static inline void die(const char *format, ...) {
  int error = errno;
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "bench: ");
  vfprintf(stderr, format, arguments);
  fprintf(stderr, ": %s\n", strerror(error));
  va_end(arguments);
  _exit(70);
}

static inline struct shared *map_shared(const char *file, bool fresh) {
  int fd = open(file, O_RDWR | O_CLOEXEC | (fresh ? O_CREAT | O_TRUNC : 0), 0666);
  if (fd < 0 || (fresh && ftruncate(fd, sizeof(struct shared)) != 0)) die("open %s", file);
  struct shared *shared =
      mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
  if (shared == MAP_FAILED) die("mmap %s", file);
  close(fd);
  return shared;
}

/* Wakes whoever waits in another process. */
static inline void set(uint32_t *word) {
  __atomic_store_n(word, 1, __ATOMIC_SEQ_CST);
  syscall(SYS_futex, word, FUTEX_WAKE, 1 << 30, NULL, NULL, 0);
}

/* Waits at most that long; a signal may end it early. */
static inline bool wait_for(uint32_t *word, int64_t ns) {
  if (__atomic_load_n(word, __ATOMIC_SEQ_CST)) return true;
  struct timespec limit = {ns / 1000000000, ns % 1000000000};
  syscall(SYS_futex, word, FUTEX_WAIT, 0, &limit, NULL, 0);
  return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static inline void sleep_ns(int64_t ns) {
  struct timespec t = {ns / 1000000000, ns % 1000000000};
  while (nanosleep(&t, &t) != 0 && errno == EINTR) {
  }
}
