/*
 * The child that every contestant starts: agent SHARED [VERB…] [_internal …]
 *
 * It writes down when its main began, does the verbs in order, writes down the time and exits 0.
 *
 *   sleep=MS      nothing else meanwhile
 *   wait          until the measuring program says go
 *   fail          exit 1 at the end
 *   backlog=N     N children of one process end; then it ends, and PID 1 has them all at once.
 *                 In waves of at most 10,000; the time counts from then until none is left
 *   storm=N       N orphans made one by one as fast as the machine can, and none is left
 *   load          a process in a session of its own makes orphans until told to stop
 *   await-signal  SIGTERM: its time is written down
 *   stderr=BYTES  so many to standard error, in lines
 */
#include "shared.h"

#include <sched.h>

enum { WAVE = 10000 };

static struct shared *shared;
static volatile sig_atomic_t signalled;

static void on_term(int signal) {
  (void)signal;
  shared->signal_at = now();
  signalled = 1;
}

static pid_t must_fork(void) {
  for (;;) {
    pid_t pid = fork();
    if (pid >= 0) return pid;
    if (errno != EAGAIN) die("fork");
    sched_yield();
  }
}

static void wait_child(pid_t pid) {
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
  }
}

static bool is_there(pid_t pid) { return kill(pid, 0) == 0 || errno != ESRCH; }

/* Reaping is in no order that could be relied on: each is looked at until it is gone. */
static void wait_until_gone(int count) {
  for (int i = 0; i < count; i++)
    while (is_there(shared->pids[i])) {
      struct timespec t = {0, 20000};
      nanosleep(&t, NULL);
    }
}

static int64_t backlog_wave(int count) {
  pid_t parent = must_fork();
  if (parent == 0) {
    for (int i = 0; i < count; i++) {
      pid_t pid = must_fork();
      if (pid == 0) _exit(0);
      shared->pids[i] = pid;
    }
    /* All have ended, and are left as they are. */
    siginfo_t info;
    for (int i = 0; i < count; i++) waitid(P_PID, shared->pids[i], &info, WEXITED | WNOWAIT);
    shared->work_began = now();
    _exit(0);
  }
  wait_child(parent);
  wait_until_gone(count);
  return now() - shared->work_began;
}

static void backlog(long count) {
  int64_t took = 0;
  for (long left = count; left > 0; left -= WAVE) {
    int wave = left < WAVE ? (int)left : WAVE;
    took += backlog_wave(wave);
    shared->orphans += wave;
  }
  shared->work_began = 0;
  shared->work_ended = took;
}

static pid_t orphan(int at) {
  pid_t parent = must_fork();
  if (parent == 0) {
    pid_t pid = must_fork();
    if (pid == 0) _exit(0);
    shared->pids[at] = pid;
    _exit(0);
  }
  wait_child(parent);
  shared->orphans++;
  return shared->pids[at];
}

/* The last PIDS orphans are known; how many of them are still there is looked at now and then. */
static void storm(long count) {
  shared->work_began = now();
  for (long i = 0; i < count; i++) {
    orphan((int)(i % PIDS));
    if (i % 500 == 499) {
      long first = i - 499;
      int64_t left = 0;
      for (long k = first; k <= i; k++) left += is_there(shared->pids[k % PIDS]);
      if (left > shared->most_left) shared->most_left = left;
    }
  }
  wait_until_gone(count < PIDS ? (int)count : PIDS);
  shared->work_ended = now();
}

static pid_t load(void) {
  pid_t pid = must_fork();
  if (pid != 0) return pid;
  setsid();
  while (!__atomic_load_n(&shared->stop_load, __ATOMIC_SEQ_CST)) orphan(0);
  _exit(0);
}

static void write_stderr(long bytes) {
  static char lines[65536];
  memset(lines, 'x', sizeof lines);
  for (size_t i = 79; i < sizeof lines; i += 80) lines[i] = '\n';
  shared->work_began = now();
  while (bytes > 0) {
    size_t piece = bytes < (long)sizeof lines ? (size_t)bytes : sizeof lines;
    ssize_t n = write(2, lines, piece);
    if (n < 0 && errno != EINTR) die("write");
    if (n > 0) bytes -= n;
  }
  shared->work_ended = now();
}

static void await_go(void) {
  set(&shared->ready);
  while (!wait_for(&shared->go, 1000000000)) {
  }
}

int main(int count, char **words) {
  int64_t began = now();
  if (count < 2) return 64;
  shared = map_shared(words[1], false);
  shared->main_at = began;
  pid_t loader = 0;
  int status = 0;
  for (int i = 2; i < count && strcmp(words[i], "_internal") != 0; i++) {
    char *equals = strchr(words[i], '=');
    long number = equals ? atol(equals + 1) : 0;
    if (equals) *equals = 0;
    const char *verb = words[i];
    if (strcmp(verb, "sleep") == 0) sleep_ns(number * 1000000LL);
    else if (strcmp(verb, "wait") == 0) await_go();
    else if (strcmp(verb, "fail") == 0) status = 1;
    else if (strcmp(verb, "backlog") == 0) backlog(number);
    else if (strcmp(verb, "storm") == 0) storm(number);
    else if (strcmp(verb, "load") == 0) loader = load();
    else if (strcmp(verb, "stderr") == 0) write_stderr(number);
    else if (strcmp(verb, "await-signal") == 0) {
      struct sigaction action = {.sa_handler = on_term};
      sigaction(SIGTERM, &action, NULL);
      set(&shared->ready);
      sigset_t term, old;
      sigemptyset(&term);
      sigaddset(&term, SIGTERM);
      sigprocmask(SIG_BLOCK, &term, &old);
      while (!signalled) sigsuspend(&old);
    } else return 64;
  }
  if (loader != 0) {
    set(&shared->stop_load);
    wait_child(loader);
  }
  shared->end_at = now();
  _exit(status);
}
