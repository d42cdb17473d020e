package com.circleci.runnerinit.task;

import static org.assertj.core.api.Assertions.assertThat;

import com.circleci.runnerinit.task.StartPages.Pages;
import org.junit.jupiter.api.Test;

class StartPagesTest {
  private static String mapping(String head, int changed) {
    return head
        + "\nSize: 4096 kB\nRss: 40 kB\nPrivate_Clean: 40 kB\nAnonymous:   "
        + changed
        + " kB\nAnonHugePages: 0 kB\nFilePmdMapped: 0 kB\nVmFlags: rd ex mr mw me\n";
  }

  @Test
  void shouldTakeWhatIsAFilesAndUnchanged() {
    String smaps =
        mapping("00401000-00b14000 r-xp 00001000 fe:00 1234    /opt/circleci/bin/orchestrator", 0)
            + mapping("00b14000-00b90000 r--p 00714000 fe:00 1234    /opt/with space/file", 0);

    assertThat(StartPages.unchanged(smaps))
        .containsExactly(new Pages(0x401000, 0xb14000), new Pages(0xb14000, 0xb90000));
  }

  @Test
  void shouldLeaveWhatMayHaveBeenChanged() {
    String smaps =
        mapping("00b90000-00b94000 r--p 0078f000 fe:00 1234    /changed-then-protected", 4)
            + mapping("00ff4000-01595000 rw-p 00bf3000 fe:00 1234    /writable", 0)
            + mapping("7fbf34eff000-7fbf34f40000 r--p 00000000 00:00 0 ", 0)
            + mapping("7ffd70e76000-7ffd70e97000 r--p 00000000 00:00 0    [vvar]", 0);

    assertThat(StartPages.unchanged(smaps)).isEmpty();
  }

  @Test
  void shouldGetOverWhatIsNone() {
    assertThat(StartPages.unchanged("")).isEmpty();
    assertThat(
            StartPages.unchanged(
                "a-b-c r--p /x\nAnonymous: 0 kB\n12-zz r--p 0 /x\nAnonymous: 0 kB"))
        .isEmpty();
  }
}
