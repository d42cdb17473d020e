/* The name of the system's time zone. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *after_zoneinfo(const char *path) {
  static const char folder[] = "zoneinfo/";
  const char *at = strstr(path, folder);
  return at == NULL ? NULL : strdup(at + sizeof folder - 1);
}

/* To be freed by the caller; NULL when unknown, which Java takes for UTC. A copy of a zone's file
   at /etc/localtime is not compared with all the others, as HotSpot does: only a link tells. The
   mapping is for systems with other names for the zones. */
char *SVM_FindJavaTZmd(const char *mapping, int length) {
  (void)mapping;
  (void)length;
  const char *zone = getenv("TZ");
  if (zone != NULL && *zone == ':') {
    zone++;
  }
  if (zone != NULL && *zone != '\0' && strcmp(zone, "localtime") != 0) {
    return *zone == '/' ? after_zoneinfo(zone) : strdup(zone);
  }
  char target[PATH_MAX];
  ssize_t size = readlink("/etc/localtime", target, sizeof target - 1);
  if (size <= 0) {
    return NULL;
  }
  target[size] = '\0';
  return after_zoneinfo(target);
}
