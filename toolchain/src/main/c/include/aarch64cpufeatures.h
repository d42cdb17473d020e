#ifndef AARCH64CPUFEATURES_H
#define AARCH64CPUFEATURES_H

/* Read by the image builder on every platform; the names are those of AArch64LibCHelper$CPUFeatures. */
#define AARCH64_CPU_FEATURES(X)                                                                    \
  X(FP) X(ASIMD) X(EVTSTRM) X(AES) X(PMULL) X(SHA1) X(SHA2) X(CRC32) X(LSE) X(DCPOP) X(SHA3)       \
  X(SHA512) X(SVE) X(SVE2) X(STXR_PREFETCH) X(A53MAC) X(DMB_ATOMICS) X(PACA) X(SVEBITPERM)         \
  X(FPHP) X(ASIMDHP)

typedef struct {
#define FIELD(name) char f##name;
  AARCH64_CPU_FEATURES(FIELD)
#undef FIELD
} CPUFeatures;

#endif
