package com.circleci.runnerinit;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The rules of the layout. */
@AnalyzeClasses(
    packages = "com.circleci.runnerinit",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  @ArchTest
  static final ArchRule noPackageCycles =
      slices().matching("com.circleci.runnerinit.(**)").should().beFreeOfCycles();

  /** Its reaper threads would take exit statuses from the one place that waits. */
  @ArchTest
  static final ArchRule noJavaProcesses =
      noClasses()
          .should()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.lang.ProcessBuilder")
          .orShould()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.lang.Process")
          .orShould()
          .callMethodWhere(
              describe(
                  "Runtime.exec",
                  call ->
                      call.getTargetOwner().isEquivalentTo(Runtime.class)
                          && call.getName().equals("exec")));

  /** What the simulated kernel proves is what runs: nothing waits, starts or tells time past it. */
  @ArchTest
  static final ArchRule onlyTheKernelHasTimeAndThreads =
      noClasses()
          .that()
          .resideInAnyPackage("..task..", "..init..", "..cmd..", "..lookup..")
          .and()
          .doNotHaveSimpleName("Main")
          .should()
          .callMethod(System.class, "currentTimeMillis")
          .orShould()
          .callMethod(Thread.class, "start")
          .orShould()
          .callMethod(Thread.class, "sleep", long.class)
          .orShould()
          .callMethod(Object.class, "wait", long.class)
          .orShould()
          .dependOnClassesThat()
          .resideInAnyPackage("java.util.concurrent", "java.util.concurrent.locks");

  @ArchTest
  static final ArchRule onlyMainKnowsTheImage =
      noClasses()
          .that()
          .doNotHaveSimpleName("Main")
          .and()
          .doNotHaveSimpleName("ImageSyscalls")
          .and()
          .resideOutsideOfPackage("..nativeimage..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.graalvm..");

  /** The others can't know whether {@code JdkLibraries} are loaded. */
  @ArchTest
  static final ArchRule onlyTheApiClientOpensSocketsAndFilesByTheJdk =
      noClasses()
          .that()
          .resideOutsideOfPackages("..clients..", "..nativeimage..")
          .and()
          .doNotHaveSimpleName("ListenAddress")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("java.net..")
          .orShould()
          .dependOnClassesThat()
          .haveNameMatching("java\\.(nio\\.file\\.Files|io\\.(File|RandomAccessFile)\\w*)");

  /** The executable has but a plain one: {@code PlainFormat}. */
  @ArchTest
  static final ArchRule noFormatting =
      noClasses()
          .should()
          .callMethodWhere(
              describe(
                  "String.format",
                  call ->
                      call.getTargetOwner().isEquivalentTo(String.class)
                          && call.getName().startsWith("format")));

  @ArchTest
  static final ArchRule noVagueNames =
      noClasses()
          .should()
          .haveSimpleNameEndingWith("Util")
          .orShould()
          .haveSimpleNameEndingWith("Utils")
          .orShould()
          .haveSimpleNameEndingWith("Helper")
          .orShould()
          .haveSimpleNameEndingWith("Manager")
          .orShould()
          .haveSimpleNameEndingWith("Impl");

  /** The environment is taken byte for byte from the kernel, and the token is wiped from it. */
  @ArchTest
  static final ArchRule noJavaEnvironment =
      noClasses()
          .should()
          .callMethod(System.class, "getenv")
          .orShould()
          .callMethod(System.class, "getenv", String.class);
}
