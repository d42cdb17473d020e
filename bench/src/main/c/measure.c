/*
 * Runs one program once as PID 1 of a new PID namespace, and prints what it cost, a "name number"
 * line each: measure [OPTION…] -- PROGRAM [ARGUMENT…]
 *
 * One run a process: whatever takes turns, repeats and sums up is the caller's.
 *
 *   --shared FILE             what the agent writes its times into
 *   --group CONTROLLER=DIR    a control group to run in, seen read-only at the usual place; the
 *                             CONTROLLER is "unified" for version 2
 *   --expect STATUS           of the exit; another fails the run (0)
 *   --drain                   read what it writes; else it stays in the pipes
 *   --memory                  once the agent waits: the memory of PID 1, then again after --probes
 *   --throttling              once the agent waits: how often the group was throttled until then
 *   --signal                  once the agent waits: SIGTERM to PID 1, under load if there is any
 *   --port PORT               where PID 1 serves /live
 *   --probes N                that many, one after another
 *   --rate N --seconds S      N probes a second for S seconds, or as many as there can be
 *   --idle S --every S        nothing but a probe every so often
 *
 * measure alone PROGRAM [ARGUMENT…] runs a program in a network of its own, where every port is
 * free and nothing comes from outside; what it mounts is its own, too, and ends with it.
 */
#include "shared.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>

enum { GROUPS = 8 };

static const int64_t SECOND = 1000000000LL, PATIENCE = 300 * 1000000000LL;

static struct {
  const char *controller, *directory;
  int fd;
} groups[GROUPS];
static int group_count;

static struct shared *shared;
static const char *shared_file;
static bool drain, memory, throttling, send_signal;
static int expected, port;
static long probes, rate, seconds, idle, every;
static int host_proc;
static pid_t first;
static int pipes[2][2];

static void print(const char *name, double value) { printf("%s %.0f\n", name, value); }

/* --- what the program sees ------------------------------------------------------------------ */

static void open_groups(void) {
  for (int i = 0; i < group_count; i++) {
    groups[i].fd = open(groups[i].directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (groups[i].fd < 0) die("open %s", groups[i].directory);
  }
}

static void move_mount_to(int tree, const char *target) {
  if (syscall(SYS_move_mount, tree, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) != 0)
    die("mount %s", target);
}

/* As a container runtime does: the container's own group looks like the root, read-only. */
static void show_groups(void) {
  if (group_count == 0) return;
  int trees[GROUPS];
  for (int i = 0; i < group_count; i++) {
    trees[i] = (int)syscall(SYS_open_tree, AT_FDCWD, groups[i].directory,
                            OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (trees[i] < 0) die("clone the mount of %s", groups[i].directory);
  }
  const char *root = "/sys/fs/cgroup";
  bool unified = strcmp(groups[0].controller, "unified") == 0;
  if (!unified && mount("tmpfs", root, "tmpfs", 0, "mode=755") != 0) die("mount %s", root);
  for (int i = 0; i < group_count; i++) {
    char target[4096];
    snprintf(target, sizeof target, unified ? "%s" : "%s/%s", root, groups[i].controller);
    if (!unified && mkdir(target, 0755) != 0) die("mkdir %s", target);
    move_mount_to(trees[i], target);
    if (mount(NULL, target, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) != 0)
      die("mount %s read-only", target);
    close(trees[i]);
  }
}

static void enter_groups(void) {
  for (int i = 0; i < group_count; i++) {
    int fd = openat(groups[i].fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, "0", 1) != 1) die("enter %s", groups[i].directory);
    close(fd);
  }
}

static double group_number(const char *controller, const char *file, const char *field) {
  for (int i = 0; i < group_count; i++) {
    if (strcmp(groups[i].controller, controller) != 0) continue;
    char text[8192];
    int fd = openat(groups[i].fd, file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    if (length <= 0) return -1;
    text[length] = 0;
    const char *at = *field ? strstr(text, field) : text;
    return at ? atof(at + strlen(field)) : -1;
  }
  return -1;
}

static double group_value(const char *v1_controller, const char *v1, const char *v2,
                          const char *field) {
  double value = group_number(v1_controller, v1, field);
  return value >= 0 ? value : group_number("unified", v2, field);
}

static double throttled(void) {
  return group_value("cpu", "cpu.stat", "cpu.stat", "nr_throttled ");
}

/* --- the program ---------------------------------------------------------------------------- */

static void start(char **command) {
  for (int i = 0; i < 2; i++)
    if (pipe2(pipes[i], O_CLOEXEC) != 0) die("pipe");
  int from_nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (unshare(CLONE_NEWNS) != 0) die("unshare");
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) die("mount private");
  show_groups();
  /* As fork does. After unshare(CLONE_NEWPID) there could be no threads. */
  first = (pid_t)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, NULL);
  if (first < 0) die("fork");
  if (first == 0) {
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0)
      die("mount /proc");
    setsid();
    dup2(from_nothing, 0);
    enter_groups();
    dup2(pipes[0][1], 1);
    dup2(pipes[1][1], 2);
    shared->start_at = now();
    execv(command[0], command);
    shared->exec_errno = (uint32_t)errno;
    _exit(71);
  }
  for (int i = 0; i < 2; i++) close(pipes[i][1]);
}

static bool ended(void) {
  siginfo_t info = {.si_pid = 0};
  return waitid(P_PID, (id_t)first, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

static void await_ready(void) {
  int64_t limit = now() + PATIENCE;
  while (!wait_for(&shared->ready, SECOND / 10)) {
    if (ended() || now() > limit) {
      errno = ETIMEDOUT;
      die("the agent did not get ready");
    }
  }
}

static void *read_all(void *pipe_end) {
  static _Thread_local char buffer[1 << 17];
  ssize_t n;
  int64_t total = 0;
  while ((n = read(*(int *)pipe_end, buffer, sizeof buffer)) > 0 || (n < 0 && errno == EINTR))
    if (n > 0) total += n;
  return (void *)(intptr_t)total;
}

static void show_what_it_said(void) {
  for (int i = 0; i < 2; i++) {
    char text[4096];
    fcntl(pipes[i][0], F_SETFL, O_NONBLOCK);
    ssize_t n = read(pipes[i][0], text, sizeof text);
    if (n > 0) fwrite(text, 1, (size_t)n, stderr);
  }
}

/* --- what is looked at while the agent waits ------------------------------------------------- */

static void read_host_proc(const char *file, char *text, size_t size) {
  char path[64];
  snprintf(path, sizeof path, "%d/%s", first, file);
  int fd = openat(host_proc, path, O_RDONLY | O_CLOEXEC);
  ssize_t length = fd < 0 ? -1 : read(fd, text, size - 1);
  if (length <= 0) die("read /proc/%s", path);
  close(fd);
  text[length] = 0;
}

static double field(const char *text, const char *name) {
  const char *at = strstr(text, name);
  return at ? atof(at + strlen(name)) : -1;
}

static void print_memory(const char *after) {
  char text[8192], name[64];
  read_host_proc("smaps_rollup", text, sizeof text);
  snprintf(name, sizeof name, "resident%s", after);
  print(name, field(text, "Rss:") * 1024);
  snprintf(name, sizeof name, "anonymous%s", after);
  print(name, field(text, "Anonymous:") * 1024);
  read_host_proc("status", text, sizeof text);
  snprintf(name, sizeof name, "threads%s", after);
  print(name, field(text, "Threads:"));
}

/* All threads of PID 1, dead ones too, without its children. */
static int64_t cpu_of_first(void) {
  clockid_t clock;
  struct timespec t;
  if (clock_getcpuclockid(first, &clock) != 0 || clock_gettime(clock, &t) != 0)
    die("CPU clock of PID 1");
  return t.tv_sec * SECOND + t.tv_nsec;
}

/* A probe as kubelet's: a connection of its own. */
static bool probe(void) {
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  static const char request[] =
      "GET /live HTTP/1.1\r\nHost: localhost\r\nUser-Agent: kube-probe/1.34\r\n"
      "Accept: */*\r\nConnection: close\r\n\r\n";
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
  if (fd < 0) die("socket");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  /* The ports of closed connections are held for a minute, and there are only 28,000. */
  struct linger none = {1, 0};
  char answer[2048];
  ssize_t total = 0, n;
  bool good = false;
  if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
      write(fd, request, sizeof request - 1) == (ssize_t)sizeof request - 1) {
    while (total < (ssize_t)sizeof answer - 1 &&
           (n = read(fd, answer + total, sizeof answer - 1 - (size_t)total)) > 0)
      total += n;
    answer[total] = 0;
    good = strncmp(answer, "HTTP/1.1 200", 12) == 0;
  }
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  close(fd);
  return good;
}

/* It may listen only after the agent has been started. */
static void must_probe(void) {
  for (int64_t limit = now() + 10 * SECOND; !probe(); sleep_ns(SECOND / 1000))
    if (now() > limit) die("no answer on port %d", port);
}

static int by_value(const void *a, const void *b) {
  int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
  return (left > right) - (left < right);
}

static void probe_at_rate(void) {
  long wanted = rate * seconds, failed = 0, done = 0;
  int64_t *took = calloc((size_t)wanted, sizeof *took);
  if (!took) die("memory");
  must_probe();
  int64_t cpu = cpu_of_first(), began = now();
  for (; done < wanted && now() < began + seconds * SECOND; done++) {
    int64_t due = began + done * SECOND / rate;
    if (due > now()) sleep_ns(due - now());
    int64_t at = now();
    if (!probe()) failed++;
    took[done] = now() - at;
  }
  int64_t lasted = now() - began;
  if (lasted < seconds * SECOND) {
    sleep_ns(seconds * SECOND - lasted);
    lasted = now() - began;
  }
  print("probe_cpu", (double)(cpu_of_first() - cpu) / (double)done);
  print("probe_rate", (double)done * 1e9 / (double)lasted);
  print("probe_failed", (double)failed);
  qsort(took, (size_t)done, sizeof *took, by_value);
  print("probe_median", (double)took[done / 2]);
  print("probe_p99", (double)took[done * 99 / 100]);
  print("probe_max", (double)took[done - 1]);
}

static void be_idle(void) {
  must_probe();
  sleep_ns(SECOND); /* what is done once, at the start, is not counted */
  int64_t cpu = cpu_of_first(), began = now();
  for (long at = every; at <= idle; at += every) {
    int64_t due = began + at * SECOND - SECOND / 2;
    sleep_ns(due - now());
    if (!probe()) die("a probe failed");
  }
  sleep_ns(began + idle * SECOND - now());
  print("idle_cpu", (double)(cpu_of_first() - cpu));
}

static int64_t signalled_at;

static void signal_first(void) {
  /* Under load there is some by now; without, PID 1 is asleep again. */
  sleep_ns(SECOND / 20);
  signalled_at = now();
  if (kill(first, SIGTERM) != 0) die("kill");
}

static void look(void) {
  if (throttling) print("throttled_start", throttled());
  if (memory) {
    sleep_ns(SECOND * 3 / 2); /* what only the start needed has been handed back by then */
    print_memory("");
    for (long i = 0; i < probes; i++) must_probe();
    if (probes) print_memory("_after_probes");
  }
  if (rate) probe_at_rate();
  if (idle) be_idle();
  if (send_signal) signal_first();
}

static double cpu(struct timeval t) { return (double)t.tv_sec * 1e9 + (double)t.tv_usec * 1e3; }

static char **parse(int count, char **words) {
  for (int i = 1; i < count; i++) {
    const char *word = words[i], *value = i + 1 < count ? words[i + 1] : "";
    if (strcmp(word, "--") == 0) return words + i + 1;
    if (strcmp(word, "--drain") == 0) drain = true;
    else if (strcmp(word, "--memory") == 0) memory = true;
    else if (strcmp(word, "--throttling") == 0) throttling = true;
    else if (strcmp(word, "--signal") == 0) send_signal = true;
    else {
      i++;
      if (strcmp(word, "--shared") == 0) shared_file = value;
      else if (strcmp(word, "--expect") == 0) expected = atoi(value);
      else if (strcmp(word, "--port") == 0) port = atoi(value);
      else if (strcmp(word, "--probes") == 0) probes = atol(value);
      else if (strcmp(word, "--rate") == 0) rate = atol(value);
      else if (strcmp(word, "--seconds") == 0) seconds = atol(value);
      else if (strcmp(word, "--idle") == 0) idle = atol(value);
      else if (strcmp(word, "--every") == 0) every = atol(value);
      else if (strcmp(word, "--group") == 0 && group_count < GROUPS && strchr(value, '=')) {
        char *copy = strdup(value), *equals = strchr(copy, '=');
        *equals = 0;
        groups[group_count].controller = copy;
        groups[group_count++].directory = equals + 1;
      } else {
        errno = EINVAL;
        die("%s", word);
      }
    }
  }
  errno = EINVAL;
  die("no command");
  return NULL;
}

static void run_alone(char **command) {
  if (unshare(CLONE_NEWNET | CLONE_NEWNS) != 0) die("unshare");
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) die("mount private");
  struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &loopback) != 0) die("loopback interface");
  execvp(command[0], command);
  die("%s", command[0]);
}

int main(int count, char **words) {
  if (count > 2 && strcmp(words[1], "alone") == 0) run_alone(words + 2);
  char **command = parse(count, words);
  shared = map_shared(shared_file, true);
  host_proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (host_proc < 0) die("/proc");
  open_groups();
  signal(SIGPIPE, SIG_IGN);

  start(command);
  pthread_t readers[2];
  if (drain)
    for (int i = 0; i < 2; i++)
      if (pthread_create(&readers[i], NULL, read_all, &pipes[i][0]) != 0) die("pthread_create");
  if (memory || throttling || send_signal || rate || idle) {
    await_ready();
    look();
    set(&shared->go);
  }

  int status;
  struct rusage usage;
  while (wait4(first, &status, 0, &usage) < 0)
    if (errno != EINTR) die("wait");
  int64_t exited_at = now();

  int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (code != expected || shared->exec_errno) {
    if (!drain) show_what_it_said();
    errno = (int)shared->exec_errno;
    die("%s ended with %d instead of %d", command[0], code, expected);
  }
  if (drain) {
    void *read_bytes[2];
    for (int i = 0; i < 2; i++) pthread_join(readers[i], &read_bytes[i]);
    print("stderr_bytes", (double)(intptr_t)read_bytes[1]);
  }
  print("wall", (double)(exited_at - shared->start_at));
  print("cpu", cpu(usage.ru_utime) + cpu(usage.ru_stime));
  print("peak_resident", (double)usage.ru_maxrss * 1024);
  print("page_faults", (double)usage.ru_minflt);
  if (shared->main_at) print("start_to_main", (double)(shared->main_at - shared->start_at));
  if (shared->end_at) print("exit_delay", (double)(exited_at - shared->end_at));
  if (shared->work_ended) print("work", (double)(shared->work_ended - shared->work_began));
  if (shared->orphans) {
    print("orphans", (double)shared->orphans);
    print("most_left", (double)shared->most_left);
  }
  if (signalled_at) print("signal_delay", (double)(shared->signal_at - signalled_at));
  if (group_count) {
    print("throttled", throttled());
    print("group_peak",
          group_value("memory", "memory.max_usage_in_bytes", "memory.peak", ""));
  }
  return 0;
}
