package com.circleci.runnerinit.linux;

import static java.util.Objects.requireNonNull;

/**
 * A child that only the kernel can refuse any more, since all the memory is there that it takes.
 *
 * @param path the file to execute
 * @param block a {@code struct spawn_request}
 */
public record PreparedSpawn(String path, NativeBlock block) {
  public PreparedSpawn {
    requireNonNull(path, "path is null");
    requireNonNull(block, "block is null");
  }
}
