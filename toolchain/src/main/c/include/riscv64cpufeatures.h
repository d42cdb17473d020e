#ifndef RISCV64CPUFEATURES_H
#define RISCV64CPUFEATURES_H

/* Read by the image builder on every platform; the names are those of RISCV64LibCHelper$CPUFeatures. */
#define RISCV64_CPU_FEATURES(X) X(I) X(M) X(A) X(F) X(D) X(C) X(V)

typedef struct {
#define FIELD(name) char f##name;
  RISCV64_CPU_FEATURES(FIELD)
#undef FIELD
} CPUFeatures;

#endif
