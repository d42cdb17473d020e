package com.circleci.runnerinit.nativeimage;

import com.circleci.runnerinit.linux.JdkLibraries;
import com.oracle.svm.core.annotate.Alias;
import com.oracle.svm.core.annotate.Substitute;
import com.oracle.svm.core.annotate.TargetClass;

/**
 * The runtime loads the JDK's libraries at its start, which takes a third of its pages and time,
 * and raises the limit of open files, which the task would inherit. {@link JdkLibraries} has them
 * loaded when they are needed, and nobody raises the limit.
 */
@TargetClass(className = "com.oracle.svm.core.posix.PosixNativeLibrarySupport")
@SuppressWarnings({"unused", "DoNotCallSuggester"}) // the names are the runtime's
final class LateLibraries {
  private LateLibraries() {}

  @Alias
  native void loadJavaLibrary();

  @Alias
  static native void loadNetLibrary();

  /** Called by the runtime at its start, and by the loader. */
  @Substitute
  public boolean initializeBuiltinLibraries() {
    if (Loader.isRunning) {
      loadJavaLibrary();
      loadNetLibrary();
    } else {
      JdkLibraries.loadLaterBy(new Loader());
    }
    return true;
  }

  /** Calls the method above again. */
  static final class Loader implements Runnable {
    private static boolean isRunning;

    @Override
    public void run() {
      isRunning = true;
      Support.singleton().initializeBuiltinLibraries();
    }
  }

  @TargetClass(className = "com.oracle.svm.core.jdk.PlatformNativeLibrarySupport")
  static final class Support {
    private Support() {}

    @Alias
    static native Support singleton();

    @Alias
    native boolean initializeBuiltinLibraries();
  }
}
