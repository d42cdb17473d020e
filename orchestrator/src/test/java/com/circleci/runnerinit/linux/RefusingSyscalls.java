package com.circleci.runnerinit.linux;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Collectors;

/** The kernel, less the calls that are refused. */
public class RefusingSyscalls extends ForeignSyscalls {
  private static final Map<Integer, Syscall> BY_NUMBER =
      Arrays.stream(Syscall.values()).collect(Collectors.toMap(Syscall::number, c -> c));

  private final SimulatedKernel.Refusals refusals;
  private final Map<Syscall, Integer> counts = new EnumMap<>(Syscall.class);

  public RefusingSyscalls(SimulatedKernel.Refusals refusals) {
    this.refusals = refusals;
  }

  /** The kernel, less one call with a certain first argument. */
  public static Syscalls refusing(String call, long argument, int errno) {
    int refused = Syscall.valueOf(call).number();
    return new ForeignSyscalls() {
      @Override
      public long invoke(long number, long a, long b, long c, long d, long e, long f) {
        return number == refused && a == argument ? -errno : super.invoke(number, a, b, c, d, e, f);
      }
    };
  }

  @Override
  public long invoke(long number, long a, long b, long c, long d, long e, long f) {
    Syscall call = requireNonNull(BY_NUMBER.get((int) number));
    long refused = refusals.refuse(call.name(), counts.merge(call, 1, Integer::sum) - 1);
    return refused < 0 ? refused : super.invoke(number, a, b, c, d, e, f);
  }
}
