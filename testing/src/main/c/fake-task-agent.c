/*
 * A task agent, custom entrypoint or init process that misbehaves on demand.
 *
 *     musl-gcc -static -Os -Wall -Wextra -Werror \
 *         -o target/bin/linux/amd64/fake-task-agent testing/src/main/c/fake-task-agent.c
 *
 * (gcc -static does as well.) It is told what to do by the arguments before `_internal`, in order:
 *
 *   print=TEXT stderr=TEXT        write a line
 *   stderr-bytes=HEX              write these bytes, which need not be text
 *   flood-stdout=N flood-stderr=N write N bytes, in lines, the first "first", the last "last"
 *   sleep=MS|forever              and nothing else meanwhile
 *   exit=N                        end
 *   die=SIGNAL                    end by that signal (a name without SIG, or a number)
 *   ignore=SIGNAL                 as nohup does
 *   block=SIGNAL  raise=SIGNAL    for what is executed next: a blocked one stays pending
 *   flood-signals=PID:SIGNAL      queue that signal for the process, without end or pause
 *   on-term=exit:N | ignore | finish-after:MS
 *   record-signals=FILE           a line for each signal that arrives: its name or number
 *   time-signals=FILE             the same, with CLOCK_MONOTONIC in ns beside the name
 *   orphans=N/MSms                N grandchildren, spread over that time, each left to init
 *   storm=N                       the same, as fast as the machine can
 *   zombies=N                     children that end and are never waited for
 *   fork-bomb=N                   children that live for ever
 *   daemon=setsid|group|own-group a grandchild that lives for ever and ignores TERM
 *   hold-stdout=MS hold-stderr=MS a grandchild, in a session of its own, that keeps the pipe open
 *   aside=KIND:N                  the next N verbs are for a grandchild, of a kind as of daemon
 *   allocate=BYTES                touch that much memory
 *   fill=FILE:BYTES               write a file of that size
 *   read-stdin                    to its end, and say its length and SHA-256
 *   read-slowly=BYTES             the same as read-stdin, so many bytes a millisecond
 *   read-part=BYTES               so many of it, and no more
 *   ask-terminal                  read a line of the terminal, without echo, and print it
 *   close-stdin  no-read-stdin
 *   touch=FILE  wait-file=FILE
 *   time=FILE  main-at=FILE       CLOCK_MONOTONIC in ns: now, and when main began
 *   report=FILE                   see report.h
 *   refuse=CALL                   from here on, the kernel refuses that system call with EPERM
 *   left-behind=FILE              for spawn: how many processes were left when the child ended
 *   ended-at=FILE                 for spawn: CLOCK_MONOTONIC in ns when the child ended
 *   spawn ARGS…                   as an init: run the rest, pass signals on, end as it ended
 *   exec ARGS…                    become the rest
 *
 * No verb at all: read stdin, exit 0. An unknown verb: exit 64.
 */
#define _GNU_SOURCE
#include "report.h"
#include "sha256.h"

#include <stdbool.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>

extern char **environ;

static struct inherited inherited;
static long long main_began;
static char **arguments;
static char *stdin_text;
static size_t stdin_length;
static const char *left_behind_file, *ended_at_file;
static volatile pid_t spawned;
static volatile int record_fd = -1;
static volatile bool record_times;
static volatile int exit_on_term = -1;
static volatile int finish_after_term = -1;

static const struct {
  const char *name;
  int number;
} signal_names[] = {
    {"HUP", SIGHUP},       {"INT", SIGINT},   {"QUIT", SIGQUIT}, {"ILL", SIGILL},
    {"TRAP", SIGTRAP},     {"ABRT", SIGABRT}, {"BUS", SIGBUS},   {"FPE", SIGFPE},
    {"KILL", SIGKILL},     {"USR1", SIGUSR1}, {"SEGV", SIGSEGV}, {"USR2", SIGUSR2},
    {"PIPE", SIGPIPE},     {"ALRM", SIGALRM}, {"TERM", SIGTERM}, {"STKFLT", SIGSTKFLT},
    {"CHLD", SIGCHLD},     {"CONT", SIGCONT}, {"STOP", SIGSTOP}, {"TSTP", SIGTSTP},
    {"TTIN", SIGTTIN},     {"TTOU", SIGTTOU}, {"URG", SIGURG},   {"XCPU", SIGXCPU},
    {"XFSZ", SIGXFSZ},     {"PROF", SIGPROF}, {"WINCH", SIGWINCH}, {"IO", SIGIO},
    {"VTALRM", SIGVTALRM}, {"PWR", SIGPWR},   {"SYS", SIGSYS},
};
enum { SIGNAL_NAMES = sizeof signal_names / sizeof *signal_names };

static void fail(const char *what, const char *why) {
  dprintf(2, "fake-task-agent: %s: %s\n", what, why);
  _exit(64);
}

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* A signal handler may interrupt it; the whole time is slept all the same. */
static void sleep_ns(long long ns) {
  long long end = now() + ns;
  struct timespec t = {end / 1000000000, end % 1000000000};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) {
  }
}

static void sleep_for_ever(void) {
  for (;;) pause();
}

static long long number(const char *verb, const char *text) {
  char *end;
  long long n = strtoll(text, &end, 10);
  if (end == text || (*end && strcmp(end, "ms") != 0)) fail(verb, "not a number");
  return n;
}

static int signal_number(const char *text) {
  for (int i = 0; i < SIGNAL_NAMES; i++)
    if (strcmp(text, signal_names[i].name) == 0) return signal_names[i].number;
  return (int)number("signal", text);
}

static void write_all(int fd, const char *data, size_t length) {
  while (length > 0) {
    ssize_t n = write(fd, data, length);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    data += n;
    length -= (size_t)n;
  }
}

static void write_line(int fd, const char *text) {
  size_t length = strlen(text);
  char *line = malloc(length + 1);
  memcpy(line, text, length);
  line[length] = '\n';
  write_all(fd, line, length + 1);
  free(line);
}

static void write_hex(int fd, const char *verb, const char *hex) {
  for (; *hex; hex += 2) {
    char digits[3] = {hex[0], hex[1], 0}, *end;
    char byte = (char)strtol(digits, &end, 16);
    if (end != digits + 2) fail(verb, "not hexadecimal");
    write_all(fd, &byte, 1);
  }
}

static void write_number(const char *path, long long n) {
  char text[32], temporary[4096];
  snprintf(temporary, sizeof temporary, "%s.part", path);
  int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) fail(path, strerror(errno));
  write_all(fd, text, (size_t)snprintf(text, sizeof text, "%lld", n));
  close(fd);
  rename(temporary, path);
}

static void flood(int fd, long long bytes) {
  char line[65];
  for (long long at = 0; at < bytes;) {
    long long rest = bytes - at;
    const char *word = at == 0 ? "first" : rest <= 64 ? "last" : "flood";
    memset(line, '.', 64);
    memcpy(line, word, strlen(word));
    size_t length = rest < 64 ? (size_t)rest : 64;
    line[length - 1] = '\n';
    write_all(fd, line, length);
    at += (long long)length;
  }
}

/* Without huge pages, of which a killed process gives back all at once, and late: until then the
 * kernel finds no bigger process than its parent, and kills that too. */
static void allocate(size_t bytes) {
  prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
  volatile char *block = malloc(bytes); /* or the compiler leaves out what nobody reads */
  for (size_t at = 0; block && at < bytes; at += 1024) block[at] = 1;
}

static void fill(const char *verb, const char *value) {
  char file[4096];
  const char *colon = strrchr(value, ':');
  if (!colon || colon - value >= (long)sizeof file) fail(verb, "not FILE:BYTES");
  snprintf(file, sizeof file, "%.*s", (int)(colon - value), value);
  int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  char block[65536];
  memset(block, 'x', sizeof block);
  for (long long left = number(verb, colon + 1); left > 0; left -= (long long)sizeof block)
    write_all(fd, block, left < (long long)sizeof block ? (size_t)left : sizeof block);
  fsync(fd);
  close(fd);
}

static pid_t fork_or_wait(void) {
  for (;;) {
    pid_t pid = fork();
    if (pid >= 0 || errno != EAGAIN) return pid;
    sleep_ns(1000000);
  }
}

static void await(pid_t pid) {
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
  }
}

static void default_signals(void) {
  for (int s = 1; s <= LAST_SIGNAL; s++) signal(s, SIG_DFL);
}

/* Forks twice: true in the grandchild, whose parent has ended by the time the caller goes on. */
static bool in_grandchild(void) {
  pid_t pid = fork_or_wait();
  if (pid == 0) {
    if (fork_or_wait() == 0) {
      default_signals();
      return true;
    }
    _exit(0);
  }
  await(pid);
  return false;
}

static void make_orphans(const char *value) {
  char *slash = strchr(value, '/');
  long long count = slash ? (*slash = 0, number("orphans", value)) : number("orphans", value);
  long long gap = slash && count > 0 ? number("orphans", slash + 1) * 1000000 / count : 0;
  if (slash) *slash = '/';
  for (long long i = 0; i < count; i++) {
    if (in_grandchild()) {
      sleep_ns((i % 10) * 1000000);
      _exit((int)(i % 256));
    }
    sleep_ns(gap);
  }
}

static void storm(long long count) {
  enum { EACH = 50 };
  for (long long made = 0; made < count; made += EACH) {
    pid_t pid = fork_or_wait();
    if (pid == 0) {
      for (long long i = made; i < made + EACH && i < count; i++)
        if (fork_or_wait() == 0) _exit((int)(i % 256));
      _exit(0);
    }
    await(pid);
  }
}

static void move_to(const char *kind) {
  if (strcmp(kind, "setsid") == 0)
    setsid();
  else if (strcmp(kind, "own-group") == 0)
    setpgid(0, 0);
  else if (strcmp(kind, "group") != 0)
    fail("daemon", kind);
}

static void make_daemon(const char *kind) {
  if (!in_grandchild()) return;
  move_to(kind);
  signal(SIGTERM, SIG_IGN);
  signal(SIGINT, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  for (int fd = 0; fd < LAST_DESCRIPTOR; fd++) close(fd);
  sleep_for_ever();
}

static void hold(int held, long long ms) {
  if (!in_grandchild()) return;
  setsid();
  signal(SIGTERM, SIG_IGN);
  for (int fd = 0; fd < LAST_DESCRIPTOR; fd++)
    if (fd != held) close(fd);
  sleep_ns(ms * 1000000);
  _exit(0);
}

static void make_children(long long count, bool live) {
  for (long long i = 0; i < count; i++) {
    if (fork_or_wait() != 0) continue;
    if (live) {
      default_signals();
      sleep_for_ever();
    }
    _exit(0);
  }
}

static void read_stdin(size_t at_once, long long pause_ns) {
  size_t capacity = 0;
  for (;;) {
    if (stdin_length + at_once > capacity) {
      capacity = capacity * 2 + at_once + 65536;
      stdin_text = realloc(stdin_text, capacity);
    }
    ssize_t n = read(0, stdin_text + stdin_length, at_once);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    stdin_length += (size_t)n;
    sleep_ns(pause_ns);
  }
}

static void read_part(long long bytes) {
  char c;
  while (bytes > 0 && read(0, &c, 1) == 1) bytes--;
}

static void say_stdin(void) {
  char hex[65], line[128];
  sha256_hex((const uint8_t *)stdin_text, stdin_length, hex);
  snprintf(line, sizeof line, "stdin: %zu bytes, sha256 %s", stdin_length, hex);
  write_line(1, line);
}

static void finish(int signal) {
  (void)signal;
  _exit(0);
}

/* snprintf(3) is not for signal handlers. */
static size_t append_number(char *text, size_t length, long long n) {
  char digits[24];
  size_t count = 0;
  do digits[count++] = (char)('0' + n % 10);
  while ((n /= 10) > 0);
  while (count > 0) text[length++] = digits[--count];
  return length;
}

static void record(int number) {
  char line[64];
  size_t length = 0;
  for (int i = 0; i < SIGNAL_NAMES; i++)
    if (signal_names[i].number == number)
      for (const char *c = signal_names[i].name; *c; c++) line[length++] = *c;
  if (length == 0) length = append_number(line, length, number);
  if (record_times) {
    line[length++] = ' ';
    length = append_number(line, length, now());
  }
  line[length++] = '\n';
  if (write(record_fd, line, length) < 0) _exit(65);
}

static void on_signal(int number) {
  int saved = errno;
  if (record_fd >= 0) record(number);
  if (number == SIGTERM && exit_on_term >= 0) _exit(exit_on_term);
  if (number == SIGTERM && finish_after_term >= 0) {
    struct itimerval timer = {{0, 0},
                              {finish_after_term / 1000, finish_after_term % 1000 * 1000 + 1}};
    signal(SIGALRM, finish);
    setitimer(ITIMER_REAL, &timer, NULL);
  }
  errno = saved;
}

static void handle(int number) {
  struct sigaction action = {0};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  sigaction(number, &action, NULL);
}

static void record_signals(const char *path) {
  record_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (record_fd < 0) fail(path, strerror(errno));
  for (int i = 0; i < SIGNAL_NAMES; i++) {
    int n = signal_names[i].number;
    /* A fault would come back for ever. */
    if (n != SIGKILL && n != SIGSTOP && n != SIGCHLD && n != SIGSEGV && n != SIGBUS &&
        n != SIGFPE && n != SIGILL)
      handle(n);
  }
  for (int n = SIGRTMIN; n <= LAST_SIGNAL; n++) handle(n);
}

static void on_term(const char *what) {
  if (strncmp(what, "exit:", 5) == 0)
    exit_on_term = (int)number("on-term", what + 5);
  else if (strncmp(what, "finish-after:", 13) == 0)
    finish_after_term = (int)number("on-term", what + 13);
  else if (strcmp(what, "ignore") != 0)
    fail("on-term", what);
  handle(SIGTERM);
}

static void die(int number) {
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  signal(number, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
  kill(getpid(), number);
  sleep_for_ever();
}

static void block(int number) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  sigprocmask(SIG_BLOCK, &set, NULL);
}

static void flood_signals(const char *verb, const char *value) {
  const char *colon = strchr(value, ':');
  if (!colon) fail(verb, "not PID:SIGNAL");
  pid_t pid = (pid_t)strtol(value, NULL, 10);
  int signal = signal_number(colon + 1);
  while (sigqueue(pid, signal, (union sigval){0}) == 0 || errno == EAGAIN) {
  }
}

/* seccomp(2); musl comes without the headers of Linux. */
static void refuse(const char *call) {
  enum { LOAD = 0x20, JUMP_IF_EQUAL = 0x15, RETURN = 0x06, MODE_FILTER = 2 };
  const unsigned errno_is = 0x00050000, allow = 0x7fff0000;
  static const struct {
    const char *name;
    unsigned number;
  } calls[] = {{"ppoll", SYS_ppoll}, {"epoll_pwait", SYS_epoll_pwait}, {"signalfd4", SYS_signalfd4}};
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    if (strcmp(call, calls[i].name) != 0) continue;
    const struct {
      uint16_t code;
      uint8_t if_true, if_false;
      uint32_t operand;
    } filter[] = {{LOAD, 0, 0, 0},
                  {JUMP_IF_EQUAL, 0, 1, calls[i].number},
                  {RETURN, 0, 0, errno_is | EPERM},
                  {RETURN, 0, 0, allow}};
    const struct {
      uint16_t length;
      const void *filter;
    } program = {sizeof filter / sizeof *filter, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, MODE_FILTER, &program) != 0)
      fail("refuse", strerror(errno));
    return;
  }
  fail("refuse", call);
}

static void ask_terminal(void) {
  char answer[256];
  struct termios settings;
  int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
  if (terminal < 0 || tcgetattr(terminal, &settings) != 0) fail("/dev/tty", strerror(errno));
  settings.c_lflag &= ~(tcflag_t)ECHO;
  if (tcsetattr(terminal, TCSANOW, &settings) != 0) fail("/dev/tty", strerror(errno));
  ssize_t n = read(terminal, answer, sizeof answer);
  if (n < 0) fail("/dev/tty", strerror(errno));
  write_all(1, answer, (size_t)n);
}

static void wait_for_file(const char *path) {
  while (access(path, F_OK) != 0) sleep_ns(2000000);
}

static void become(char **argv) {
  if (!*argv) fail("exec", "no command");
  execvp(argv[0], argv);
  fail(argv[0], strerror(errno));
}

static void pass_on(int number) {
  if (spawned > 0) kill(spawned, number);
}

/* The zombies that the child handed over are not counted: only what could still run. */
static int count_left_behind(void) {
  while (waitpid(-1, NULL, WNOHANG) > 0) {
  }
  pid_t last = fork();
  if (last == 0) _exit(0);
  await(last);
  int count = 0;
  for (pid_t pid = 2; pid < last; pid++) count += kill(pid, 0) == 0;
  return count;
}

static void spawn(char **argv) {
  spawned = fork();
  if (spawned == 0) become(argv);
  static const int passed[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};
  for (size_t i = 0; i < sizeof passed / sizeof *passed; i++) signal(passed[i], pass_on);
  for (;;) {
    int status;
    pid_t pid = waitpid(-1, &status, 0);
    if (pid < 0 && errno == ECHILD) fail("spawn", "the child is lost");
    if (pid != spawned) continue;
    if (ended_at_file) write_number(ended_at_file, now());
    /* One that was killed could not wait for the end of its children. */
    for (int i = 0; WIFSIGNALED(status) && count_left_behind() > 0 && i < 1000; i++)
      sleep_ns(1000000);
    if (left_behind_file) write_number(left_behind_file, count_left_behind());
    _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
  }
}

static char **perform(char **verb);

/* Returns the last of the verbs that are the other's. */
static char **stand_aside(char **verb, char *value) {
  char *colon = strchr(value, ':');
  long long count = colon ? number(*verb, colon + 1) : 0;
  for (long long i = 1; i <= count; i++)
    if (!verb[i]) fail(*verb, "too few verbs follow");
  if (!in_grandchild()) return verb + count;
  if (colon) *colon = 0;
  record_fd = -1;
  move_to(value);
  for (char **next = verb + 1; next <= verb + count; next++) next = perform(next);
  _exit(0);
}

/* True if TEXT is NAME=VALUE. */
static bool is(const char *text, const char *name, char **value) {
  size_t length = strlen(name);
  if (strncmp(text, name, length) != 0 || text[length] != '=') return false;
  *value = (char *)text + length + 1;
  return true;
}

/* Returns the last verb that it took. */
static char **perform(char **verb) {
  char *v, *text = *verb;
  if (is(text, "print", &v))
    write_line(1, v);
  else if (is(text, "stderr", &v))
    write_line(2, v);
  else if (is(text, "stderr-bytes", &v))
    write_hex(2, text, v);
  else if (is(text, "flood-stdout", &v))
    flood(1, number(text, v));
  else if (is(text, "flood-stderr", &v))
    flood(2, number(text, v));
  else if (strcmp(text, "sleep=forever") == 0)
    sleep_for_ever();
  else if (is(text, "sleep", &v))
    sleep_ns(number(text, v) * 1000000);
  else if (is(text, "exit", &v))
    _exit((int)number(text, v));
  else if (is(text, "die", &v))
    die(signal_number(v));
  else if (is(text, "ignore", &v))
    signal(signal_number(v), SIG_IGN);
  else if (is(text, "block", &v))
    block(signal_number(v));
  else if (is(text, "raise", &v))
    kill(getpid(), signal_number(v));
  else if (is(text, "flood-signals", &v))
    flood_signals(text, v);
  else if (is(text, "refuse", &v))
    refuse(v);
  else if (strcmp(text, "ask-terminal") == 0)
    ask_terminal();
  else if (is(text, "on-term", &v))
    on_term(v);
  else if (is(text, "record-signals", &v))
    record_signals(v);
  else if (is(text, "time-signals", &v)) {
    record_times = true;
    record_signals(v);
  } else if (is(text, "aside", &v))
    return stand_aside(verb, v);
  else if (is(text, "orphans", &v))
    make_orphans(v);
  else if (is(text, "storm", &v))
    storm(number(text, v));
  else if (is(text, "zombies", &v))
    make_children(number(text, v), false);
  else if (is(text, "fork-bomb", &v))
    make_children(number(text, v), true);
  else if (is(text, "daemon", &v))
    make_daemon(v);
  else if (is(text, "hold-stdout", &v))
    hold(1, number(text, v));
  else if (is(text, "hold-stderr", &v))
    hold(2, number(text, v));
  else if (is(text, "allocate", &v))
    allocate((size_t)number(text, v));
  else if (is(text, "fill", &v))
    fill(text, v);
  else if (strcmp(text, "read-stdin") == 0) {
    read_stdin(65536, 0);
    say_stdin();
  } else if (is(text, "read-slowly", &v)) {
    read_stdin((size_t)number(text, v), 1000000);
    say_stdin();
  } else if (is(text, "read-part", &v))
    read_part(number(text, v));
  else if (strcmp(text, "close-stdin") == 0)
    close(0);
  else if (strcmp(text, "no-read-stdin") == 0) {
  } else if (is(text, "touch", &v))
    close(open(v, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  else if (is(text, "wait-file", &v))
    wait_for_file(v);
  else if (is(text, "time", &v))
    write_number(v, now());
  else if (is(text, "main-at", &v))
    write_number(v, main_began);
  else if (is(text, "report", &v)) {
    if (write_report(v, arguments, environ, &inherited, stdin_text, stdin_length) != 0)
      fail(v, strerror(errno));
  } else if (is(text, "left-behind", &v))
    left_behind_file = v;
  else if (is(text, "ended-at", &v))
    ended_at_file = v;
  else if (strcmp(text, "spawn") == 0)
    spawn(verb + 1);
  else if (strcmp(text, "exec") == 0)
    become(verb + 1);
  else
    fail("unknown verb", text);
  return verb;
}

int main(int argc, char **argv) {
  main_began = now();
  take_inherited(&inherited);
  arguments = argv;
  int last = 1;
  while (last < argc && strcmp(argv[last], "_internal") != 0) last++;
  if (last == 1) {
    read_stdin(65536, 0);
    return 0;
  }
  for (char **verb = argv + 1; verb < argv + last; verb++) verb = perform(verb);
  return 0;
}
