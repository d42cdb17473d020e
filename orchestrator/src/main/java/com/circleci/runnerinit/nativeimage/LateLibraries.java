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

  @Substitute
  public boolean initializeBuiltinLibraries() {
    JdkLibraries.loadLaterBy(new Loader(this));
    return true;
  }

  static final class Loader implements Runnable {
    private final LateLibraries libraries;

    Loader(LateLibraries libraries) {
      this.libraries = libraries;
    }

    @Override
    public void run() {
      libraries.loadJavaLibrary();
      loadNetLibrary();
    }
  }
}
