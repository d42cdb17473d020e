package com.circleci.runnerinit.toolchain;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModuleExportsTest {
  @Test
  void exportsThePackagesThatAModuleUsesAndMayNotSee(@TempDir Path folder) throws Exception {
    Path source = Files.createDirectories(folder.resolve("src/example"));
    Files.writeString(folder.resolve("src/module-info.java"), "module example {}");
    Files.writeString(
        source.resolve("Uses.java"),
        """
        package example;
        class Uses {
          jdk.internal.misc.Unsafe field;
          Object method() { return sun.net.www.ParseUtil.decode("x"); }
        }
        """);
    Path jar = folder.resolve("example.jar");
    Jdk jdk = Jdk.running();
    Command.of(
            jdk.program("javac"),
            "--add-exports=java.base/jdk.internal.misc=example",
            "--add-exports=java.base/sun.net.www=example",
            "-d",
            folder.resolve("classes"),
            folder.resolve("src/module-info.java"),
            source.resolve("Uses.java"))
        .run();
    Command.of(jdk.program("jar"), "--create", "--file", jar, "-C", folder.resolve("classes"), ".")
        .run();

    assertThat(new ModuleExports(List.of(jar)).arguments())
        .containsExactly(
            "--add-exports=java.base/jdk.internal.misc=example",
            "--add-exports=java.base/sun.net.www=example");
  }
}
