package com.circleci.runnerinit.linux;

import java.nio.ByteBuffer;
import java.util.List;

/** {@code struct spawn_request} of runner_init.c: 14 fields of eight bytes, then what they name. */
final class SpawnBlock {
  private static final int FIELDS_BYTES = 14 * Long.BYTES;

  private SpawnBlock() {}

  /** The caller frees it. */
  static NativeBlock allocate(Syscalls syscalls, SpawnRequest request) {
    byte[] path = CStrings.encode(request.path());
    List<byte[]> arguments = request.arguments().stream().map(CStrings::encode).toList();
    List<Long> groups = request.credentials().flatMap(Credentials::groups).orElse(List.of());

    int size =
        FIELDS_BYTES
            + Long.BYTES * groups.size()
            + StringTable.sizeOf(path)
            + StringTable.sizeOf(arguments)
            + StringTable.sizeOf(request.environment());
    NativeBlock block = syscalls.allocate(size);
    ByteBuffer fields = block.bytes();

    int groupsAt = FIELDS_BYTES;
    for (int i = 0; i < groups.size(); i++) {
      fields.putInt(groupsAt + Integer.BYTES * i, groups.get(i).intValue());
    }
    StringTable strings = new StringTable(block, groupsAt + Long.BYTES * groups.size());

    fields.putLong(strings.put(path));
    fields.putLong(strings.put(arguments));
    fields.putLong(strings.put(request.environment()));
    fields.putLong(request.standardInput());
    fields.putLong(request.standardOutput());
    fields.putLong(request.standardError());
    fields.putLong(request.foreground() ? 1 : 0);
    fields.putLong(request.credentials().isPresent() ? 1 : 0);
    fields.putLong(request.credentials().map(Credentials::uid).orElse(0L));
    fields.putLong(request.credentials().map(Credentials::gid).orElse(0L));
    fields.putLong(
        request.credentials().flatMap(Credentials::groups).isPresent() ? groups.size() : -1);
    fields.putLong(block.address() + groupsAt);
    return block;
  }
}
