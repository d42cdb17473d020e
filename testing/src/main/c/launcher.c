/*
 * The orchestrator on a JVM: a program of its name, so that what it is started by, what it hands
 * over to and what looks at its process find what they would find of the executable.
 *
 * It is linked to runner_init.c, whose constructor sets the signal mask before main, and so before
 * the JVM's threads exist, which inherit it. HOME is the folder with a Java runtime, the classes
 * and the C library that these need: target/jvm.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <jni.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#define OPTION(text) {.optionString = (char *)(text)}

static void *fail(int *result, const char *what) {
  fprintf(stderr, "orchestrator: error: no JVM: %s\n", what);
  *result = 1;
  return result;
}

static void *run(void *result) {
  extern char **environ;
  char **initial = environ;
  /* No JAVA_TOOL_OPTIONS; by SIGSYS, which is never blocked, HotSpot suspends its threads; and it does
     not look into /etc/localtime, which may be a trap. */
  char *own[] = {"_JAVA_SR_SIGNUM=31", "TZ=UTC0", NULL};
  environ = own;
  void *library = dlopen(HOME "/jdk/lib/server/libjvm.so", RTLD_NOW);
  if (!library) return fail(result, dlerror());
  jint (*create)(JavaVM **, void **, void *);
  *(void **)&create = dlsym(library, "JNI_CreateJavaVM");
  JavaVMOption options[] = {
      OPTION("-Djava.class.path=" CLASS_PATH),
      OPTION("-Drunnerinit.library=" HOME "/librunnerinit.so"),
      OPTION("-Drunnerinit.version=" VERSION),
      /* as the executable has them */
      OPTION("-Djdk.tls.maxHandshakeMessageSize=262144"),
      OPTION("-Djdk.tls.client.maxInboundCertificateChainLength=1000"),
      OPTION("--enable-native-access=ALL-UNNAMED"),
      /* leave SIGTERM, SIGINT and SIGHUP to us */
      OPTION("-Xrs"),
      OPTION(CACHE),
      OPTION("-Xlog:disable"),
      OPTION("-XX:TieredStopAtLevel=1"),
      OPTION("-XX:+UseSerialGC"),
      OPTION("-XX:-UsePerfData"),
      OPTION("-XX:+DisableAttachMechanism"),
      /* leave RLIMIT_NOFILE to us */
      OPTION("-XX:-MaxFDLimit"),
      OPTION("-XX:-UseContainerSupport"),
      OPTION("-Xmx64m"),
  };
  JavaVMInitArgs arguments = {
      .version = JNI_VERSION_21, .nOptions = sizeof options / sizeof *options, .options = options};
  JavaVM *machine;
  JNIEnv *java;
  /* What HotSpot says of a root without /proc is nothing to read, unless it does not start. */
  int said = memfd_create("said", MFD_CLOEXEC);
  int out = fcntl(1, F_DUPFD_CLOEXEC, 3), err = fcntl(2, F_DUPFD_CLOEXEC, 3);
  dup2(said, 1), dup2(said, 2);
  jint created = create(&machine, (void **)&java, &arguments);
  dup2(out, 1), dup2(err, 2);
  if (created != JNI_OK) {
    sendfile(2, said, &(off_t){0}, 65536);
    return fail(result, "it did not start");
  }
  close(said), close(out), close(err);
  environ = initial;
  jclass program = (*java)->FindClass(java, "com/circleci/runnerinit/cmd/JvmMain");
  jmethodID entry =
      program ? (*java)->GetStaticMethodID(java, program, "main", "([Ljava/lang/String;)V") : NULL;
  if (entry) (*java)->CallStaticVoidMethod(java, program, entry, NULL);
  /* It ends the process itself, unless it failed. */
  (*java)->ExceptionDescribe(java);
  return fail(result, "the program could not be started");
}

/* In a thread of its own, since HotSpot asks /proc, which may not be there, for the first one's. */
int main(void) {
  pthread_t thread;
  int result = 0;
  if (pthread_create(&thread, NULL, run, &result)) return *(int *)fail(&result, "no thread");
  pthread_join(thread, NULL);
  return result;
}
