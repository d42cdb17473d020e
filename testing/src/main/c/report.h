/* What the process sees of itself, as one JSON object: the evidence of how it was started. */
#ifndef REPORT_H
#define REPORT_H

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { LAST_SIGNAL = 64, LAST_DESCRIPTOR = 1024 };

/* Taken at the start of main, before any verb changes what was inherited. */
struct inherited {
  uint64_t blocked, ignored, caught;
  char descriptors[LAST_DESCRIPTOR];
  int parent_death_signal;
};

static uint64_t bit(int signal) { return 1ULL << (signal - 1); }

static void take_inherited(struct inherited *in) {
  memset(in, 0, sizeof *in);
  syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &in->blocked, 8);
  for (int s = 1; s <= LAST_SIGNAL; s++) {
    /* The raw call: libc hides the signals that it keeps for itself. */
    struct {
      void (*handler)(int);
      unsigned long flags;
      void (*restorer)(void);
      uint64_t mask;
    } action = {0};
    if (syscall(SYS_rt_sigaction, s, NULL, &action, 8) != 0) continue;
    if (action.handler == SIG_IGN)
      in->ignored |= bit(s);
    else if (action.handler != SIG_DFL)
      in->caught |= bit(s);
  }
  for (int fd = 0; fd < LAST_DESCRIPTOR; fd++) in->descriptors[fd] = fcntl(fd, F_GETFD) >= 0;
  prctl(PR_GET_PDEATHSIG, &in->parent_death_signal);
}

static void json_text(FILE *out, const char *text, size_t length) {
  fputc('"', out);
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)text[i];
    if (c == '"' || c == '\\')
      fprintf(out, "\\%c", c);
    else if (c < 0x20)
      fprintf(out, "\\u%04x", c);
    else
      fputc(c, out);
  }
  fputc('"', out);
}

static void json_strings(FILE *out, const char *name, char **values) {
  fprintf(out, ",\n\"%s\": [", name);
  for (char **v = values; *v; v++) {
    if (v != values) fputs(", ", out);
    json_text(out, *v, strlen(*v));
  }
  fputc(']', out);
}

static void json_signals(FILE *out, const char *name, uint64_t set) {
  const char *comma = "";
  fprintf(out, ",\n\"%s\": [", name);
  for (int s = 1; s <= LAST_SIGNAL; s++) {
    if (!(set & bit(s))) continue;
    fprintf(out, "%s%d", comma, s);
    comma = ", ";
  }
  fputc(']', out);
}

static void describe_descriptor(int fd, char *text, size_t size) {
  char link[32];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, text, size - 1);
  if (n >= 0) {
    text[n] = 0;
    return;
  }
  struct stat st;
  if (fstat(fd, &st) != 0)
    snprintf(text, size, "unknown");
  else if (S_ISCHR(st.st_mode))
    snprintf(text, size, "char:%u:%u", major(st.st_rdev), minor(st.st_rdev));
  else
    snprintf(text, size, "%s:[%llu]",
             S_ISFIFO(st.st_mode)   ? "pipe"
             : S_ISSOCK(st.st_mode) ? "socket"
             : S_ISREG(st.st_mode)  ? "file"
                                    : "other",
             (unsigned long long)st.st_ino);
}

static void json_descriptors(FILE *out, const struct inherited *in) {
  const char *comma = "";
  fputs(",\n\"descriptors\": {", out);
  for (int fd = 0; fd < LAST_DESCRIPTOR; fd++) {
    if (!in->descriptors[fd]) continue;
    char text[4096];
    describe_descriptor(fd, text, sizeof text);
    fprintf(out, "%s\"%d\": ", comma, fd);
    json_text(out, text, strlen(text));
    comma = ", ";
  }
  fputc('}', out);
}

static void json_limit(FILE *out, const char *name, int resource, const char *comma) {
  struct rlimit limit;
  getrlimit(resource, &limit);
  fprintf(out, "\"%s\": [%lld, %lld]%s", name, (long long)limit.rlim_cur, (long long)limit.rlim_max,
          comma);
}

static void json_oom_score(FILE *out) {
  char text[16] = "null";
  int fd = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    ssize_t n = read(fd, text, sizeof text - 1);
    text[n > 0 ? n - 1 : 0] = 0;
    close(fd);
  }
  fprintf(out, ",\n\"oom_score_adj\": %s", text);
}

static int write_report(const char *path, char **argv, char **environ, const struct inherited *in,
                        const char *stdin_text, size_t stdin_length) {
  /* Under another name until it is whole: who waits for the file reads all of it. */
  char temporary[4096];
  snprintf(temporary, sizeof temporary, "%s.part", path);
  FILE *out = fopen(temporary, "we");
  if (!out) return -1;
  fprintf(out, "{\"pid\": %d, \"ppid\": %d, \"pgid\": %d, \"sid\": %d", getpid(), getppid(),
          getpgrp(), getsid(0));
  uid_t ruid, euid, suid;
  gid_t rgid, egid, sgid;
  getresuid(&ruid, &euid, &suid);
  getresgid(&rgid, &egid, &sgid);
  fprintf(out, ",\n\"uids\": [%u, %u, %u], \"gids\": [%u, %u, %u]", ruid, euid, suid, rgid, egid,
          sgid);
  gid_t groups[1024];
  int count = getgroups(1024, groups);
  fputs(",\n\"groups\": [", out);
  for (int i = 0; i < count; i++) fprintf(out, "%s%u", i ? ", " : "", groups[i]);
  fputc(']', out);
  mode_t mask = umask(0);
  umask(mask);
  fprintf(out, ",\n\"parent_death_signal\": %d, \"dumpable\": %d, \"umask\": %u",
          in->parent_death_signal, prctl(PR_GET_DUMPABLE), mask);
  fprintf(out, ", \"no_new_privileges\": %d", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
  json_oom_score(out);
  fputs(",\n\"limits\": {", out);
  json_limit(out, "nofile", RLIMIT_NOFILE, ", ");
  json_limit(out, "nproc", RLIMIT_NPROC, ", ");
  json_limit(out, "core", RLIMIT_CORE, ", ");
  json_limit(out, "as", RLIMIT_AS, ", ");
  json_limit(out, "stack", RLIMIT_STACK, "}");
  char cwd[4096] = "";
  if (!getcwd(cwd, sizeof cwd)) cwd[0] = 0;
  fputs(",\n\"cwd\": ", out);
  json_text(out, cwd, strlen(cwd));
  json_signals(out, "blocked", in->blocked);
  json_signals(out, "ignored", in->ignored);
  json_signals(out, "caught", in->caught);
  json_descriptors(out, in);
  json_strings(out, "argv", argv);
  json_strings(out, "environ", environ);
  if (stdin_text) {
    fputs(",\n\"stdin\": ", out);
    json_text(out, stdin_text, stdin_length);
  }
  fputs("}\n", out);
  return fclose(out) == 0 ? rename(temporary, path) : -1;
}

#endif
