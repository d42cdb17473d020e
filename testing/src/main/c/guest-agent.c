/*
 * The hands of the acceptance tests in a virtual machine: its first process, which does there what
 * the tests on the host ask for. testing/Guest.java is the other end.
 *
 * A request is the length of its words, in four bytes, and the words, each ended by a NUL:
 *
 *   read FILE | link FILE | list FOLDER | write FILE TEXT | mkdir FOLDER | rmdir FOLDER
 *   tree PID               the process and all below it
 *   kill PID SIGNAL
 *
 * are answered by frames: a letter, a length, and so many bytes, '+' for what was found and '-' for
 * why not. The connection then takes the next request. These keep it for themselves:
 *
 *   connect HOST PORT      '+', then it is a connection to that server in the guest
 *   forward PORT           '+', then connections to that port in the guest reach the host's, until
 *                          it is closed
 *   run COUNT NAME=VALUE… PROGRAM…
 *                          'p' the process id, 'o' and 'e' what it writes, empty at the end, 'x' the
 *                          exit status; what comes is its standard input
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PORT = 1, WORDS = 512, BLOCK = 65536 };

/* How QEMU's user network names the host. */
static const char host[] = "10.0.2.2";

static bool write_all(int fd, const void *data, size_t length) {
  for (const char *at = data; length > 0;) {
    ssize_t n = write(fd, at, length);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += n;
    length -= (size_t)n;
  }
  return true;
}

static bool read_all(int fd, void *data, size_t length) {
  for (char *at = data; length > 0;) {
    ssize_t n = read(fd, at, length);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += n;
    length -= (size_t)n;
  }
  return true;
}

static void frame(int fd, char kind, const void *data, size_t length) {
  char head[5] = {kind};
  uint32_t size = htonl((uint32_t)length);
  memcpy(head + 1, &size, 4);
  if (!write_all(fd, head, 5) || !write_all(fd, data, length)) _exit(0);
}

static void number_frame(int fd, char kind, int n) {
  char text[16];
  frame(fd, kind, text, (size_t)snprintf(text, sizeof text, "%d", n));
}

static void done(int client, bool well) {
  if (well)
    frame(client, '+', "", 0);
  else
    frame(client, '-', strerror(errno), strlen(strerror(errno)));
}

static void read_file(int client, const char *path) {
  size_t length = 0, capacity = 0;
  char *text = NULL;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  for (ssize_t n = fd < 0 ? -1 : 1; n != 0; length += (size_t)n) {
    if (n < 0) break;
    if (capacity - length < BLOCK) text = realloc(text, capacity += 4 * BLOCK);
    n = read(fd, text + length, BLOCK);
    if (n < 0) {
      close(fd);
      fd = -1;
      break;
    }
  }
  if (fd < 0)
    done(client, false);
  else
    frame(client, '+', text, length);
  if (fd >= 0) close(fd);
  free(text);
}

static void list(int client, const char *path) {
  DIR *folder = opendir(path);
  if (!folder) return done(client, false);
  char *names = NULL;
  size_t length = 0;
  for (struct dirent *entry; (entry = readdir(folder));) {
    size_t size = strlen(entry->d_name) + 1;
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    names = realloc(names, length + size);
    memcpy(names + length, entry->d_name, size);
    length += size;
  }
  closedir(folder);
  frame(client, '+', names, length);
  free(names);
}

/* The children of each thread, as long as there is a process that was not looked at. */
static void tree(int client, const char *first) {
  char pids[BLOCK], path[80], children[BLOCK];
  size_t length = (size_t)snprintf(pids, sizeof pids, "%s", first) + 1;
  for (char *pid = pids; pid < pids + length; pid += strlen(pid) + 1) {
    snprintf(path, sizeof path, "/proc/%.20s/task", pid);
    DIR *threads = opendir(path);
    for (struct dirent *thread; threads && (thread = readdir(threads));) {
      snprintf(path, sizeof path, "/proc/%.20s/task/%.20s/children", pid, thread->d_name);
      int fd = thread->d_name[0] == '.' ? -1 : open(path, O_RDONLY | O_CLOEXEC);
      ssize_t n = fd < 0 ? 0 : read(fd, children, sizeof children);
      if (fd >= 0) close(fd);
      for (ssize_t i = 0; i < n && length < sizeof pids; i++)
        pids[length++] = children[i] == ' ' ? 0 : children[i];
    }
    if (threads) closedir(threads);
  }
  frame(client, '+', pids, length);
}

static void follow_link(int client, const char *path) {
  char target[4096];
  ssize_t n = readlink(path, target, sizeof target);
  if (n < 0) return done(client, false);
  frame(client, '+', target, (size_t)n);
}

static void write_file(int client, const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  bool well = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
  done(client, well);
  if (fd >= 0) close(fd);
}

/* Both ways until both have ended. */
static void splice_sockets(int a, int b) {
  struct pollfd ends[] = {{a, POLLIN, 0}, {b, POLLIN, 0}};
  static char block[BLOCK];
  while (ends[0].fd >= 0 || ends[1].fd >= 0) {
    if (poll(ends, 2, -1) < 0) continue;
    for (int i = 0; i < 2; i++) {
      if (!ends[i].revents) continue;
      int other = i == 0 ? b : a;
      ssize_t n = read(ends[i].fd, block, sizeof block);
      if (n > 0 && write_all(other, block, (size_t)n)) continue;
      shutdown(other, SHUT_WR);
      if (n < 0) shutdown(ends[1 - i].fd, SHUT_RDWR);
      ends[i].fd = -1;
    }
  }
}

/* A socket of the address; CALL is connect(2) or bind(2). Negative when it fails. */
static int socket_at(const char *address, int port,
                     int (*call)(int, const struct sockaddr *, socklen_t)) {
  struct sockaddr_in ip = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  struct sockaddr_in6 ip6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
  bool six = inet_pton(AF_INET6, address, &ip6.sin6_addr) == 1;
  inet_pton(AF_INET, address, &ip.sin_addr);
  int fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
  int result = six ? call(fd, (struct sockaddr *)&ip6, sizeof ip6)
                   : call(fd, (struct sockaddr *)&ip, sizeof ip);
  if (result == 0) return fd;
  close(fd);
  return -1;
}

static void forward(int client, int port) {
  struct pollfd sockets[] = {{socket_at("127.0.0.1", port, bind), POLLIN, 0},
                             {socket_at("::1", port, bind), POLLIN, 0},
                             {client, POLLIN, 0}};
  bool well = sockets[0].fd >= 0;
  for (int i = 0; i < 2; i++)
    if (sockets[i].fd >= 0) listen(sockets[i].fd, 64);
  done(client, well);
  signal(SIGCHLD, SIG_IGN);
  while (well && poll(sockets, 3, -1) > 0 && !sockets[2].revents)
    for (int i = 0; i < 2; i++) {
      int from = sockets[i].revents ? accept4(sockets[i].fd, NULL, NULL, SOCK_CLOEXEC) : -1;
      if (from >= 0 && fork() == 0) {
        int to = socket_at(host, port, connect);
        if (to >= 0) splice_sockets(from, to);
        _exit(0);
      }
      if (from >= 0) close(from);
    }
}

static void become(int in, int out, int err, char **words) {
  long count = strtol(words[1], NULL, 10);
  char **environment = words + 2, **program = words + 2 + count;
  signal(SIGCHLD, SIG_DFL);
  signal(SIGPIPE, SIG_DFL);
  setsid();
  for (int i = 0; i < 3; i++) dup2((int[]){in, out, err}[i], i);
  /* The words lie one after the other: here the environment ends. */
  char *entries[WORDS];
  memcpy(entries, environment, (size_t)count * sizeof *entries);
  entries[count] = NULL;
  execve(program[0], program, entries);
  dprintf(2, "%s: %s\n", program[0], strerror(errno));
  _exit(127);
}

static void run(int client, char **words) {
  int in[2], outputs[2][2];
  if (pipe2(in, O_CLOEXEC) || pipe2(outputs[0], O_CLOEXEC) || pipe2(outputs[1], O_CLOEXEC))
    return done(client, false);
  signal(SIGCHLD, SIG_DFL);
  pid_t pid = fork();
  if (pid == 0) become(in[0], outputs[0][1], outputs[1][1], words);
  number_frame(client, 'p', pid);
  close(in[0]);
  close(outputs[0][1]);
  close(outputs[1][1]);
  struct pollfd ends[] = {{outputs[0][0], POLLIN, 0},
                          {outputs[1][0], POLLIN, 0},
                          {client, POLLIN, 0}};
  static char block[BLOCK];
  bool lives = true;
  while (lives || ends[0].fd >= 0 || ends[1].fd >= 0) {
    int status;
    if (lives && waitpid(pid, &status, WNOHANG) == pid) {
      lives = false;
      number_frame(client, 'x',
                   WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
    }
    if (poll(ends, 3, lives ? 10 : -1) <= 0) continue;
    for (int i = 0; i < 2; i++) {
      if (!ends[i].revents) continue;
      ssize_t n = read(ends[i].fd, block, sizeof block);
      frame(client, "oe"[i], block, n > 0 ? (size_t)n : 0);
      if (n <= 0) ends[i].fd = -1;
    }
    if (ends[2].revents) {
      ssize_t n = read(client, block, sizeof block);
      if (n <= 0 || !write_all(in[1], block, (size_t)n)) {
        close(in[1]);
        ends[2].fd = -1;
      }
    }
  }
}

static void serve(int client) {
  uint32_t length;
  while (read_all(client, &length, 4)) {
    length = ntohl(length);
    char *text = malloc(length), *words[WORDS + 1] = {0};
    if (!read_all(client, text, length)) return;
    size_t count = 0;
    for (char *at = text; at < text + length && count < WORDS; at += strlen(at) + 1)
      words[count++] = at;
    const char *verb = words[0];
    if (strcmp(verb, "read") == 0)
      read_file(client, words[1]);
    else if (strcmp(verb, "link") == 0)
      follow_link(client, words[1]);
    else if (strcmp(verb, "list") == 0)
      list(client, words[1]);
    else if (strcmp(verb, "tree") == 0)
      tree(client, words[1]);
    else if (strcmp(verb, "write") == 0)
      write_file(client, words[1], words[2]);
    else if (strcmp(verb, "mkdir") == 0)
      done(client, mkdir(words[1], 0755) == 0);
    else if (strcmp(verb, "rmdir") == 0)
      done(client, rmdir(words[1]) == 0);
    else if (strcmp(verb, "kill") == 0)
      done(client, kill((pid_t)atol(words[1]), atoi(words[2])) == 0);
    else if (strcmp(verb, "connect") == 0) {
      int server = socket_at(words[1], atoi(words[2]), connect);
      done(client, server >= 0);
      if (server >= 0) splice_sockets(client, server);
      return;
    } else if (strcmp(verb, "forward") == 0)
      return forward(client, atoi(words[1]));
    else if (strcmp(verb, "run") == 0)
      return run(client, words);
    free(text);
  }
}

int main(void) {
  int server = socket_at("0.0.0.0", PORT, bind);
  if (server < 0 || listen(server, 64) != 0) {
    perror("guest-agent");
    return 1;
  }
  signal(SIGCHLD, SIG_IGN); /* what is left to the first process is reaped */
  signal(SIGPIPE, SIG_IGN);
  puts("guest-agent: ready");
  fflush(stdout);
  for (;;) {
    int client = accept4(server, NULL, NULL, SOCK_CLOEXEC);
    if (client >= 0 && fork() == 0) {
      close(server);
      serve(client);
      _exit(0);
    }
    if (client >= 0) close(client);
  }
}
