/* What this CPU can do. */
#include "amd64cpufeatures.h"

#include <cpuid.h>
#include <stddef.h>
#include <string.h>

typedef struct {
  unsigned int eax, ebx, ecx, edx;
} Registers;

static Registers leaf(unsigned int number, unsigned int subleaf) {
  Registers r = {0, 0, 0, 0};
  unsigned int highest = __get_cpuid_max(number & 0x80000000u, NULL);
  if (highest >= number) {
    __cpuid_count(number, subleaf, r.eax, r.ebx, r.ecx, r.edx);
  }
  return r;
}

static char bit(unsigned int word, int number) { return (char)((word >> number) & 1u); }

static unsigned int enabled_state(void) {
  unsigned int low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

void determineCPUFeatures(CPUFeatures *f) {
  memset(f, 0, sizeof *f);
  Registers basic = leaf(1, 0);
  Registers structured = leaf(7, 0);
  Registers structured1 = structured.eax >= 1 ? leaf(7, 1) : (Registers){0, 0, 0, 0};
  Registers extended = leaf(0x80000001u, 0);
  Registers power = leaf(0x80000007u, 0);

  f->fTSC = bit(basic.edx, 4);
  f->fCX8 = bit(basic.edx, 8);
  f->fCMOV = bit(basic.edx, 15);
  f->fFLUSH = bit(basic.edx, 19);
  f->fMMX = bit(basic.edx, 23);
  f->fFXSR = bit(basic.edx, 24);
  f->fSSE = bit(basic.edx, 25);
  f->fSSE2 = bit(basic.edx, 26);
  f->fHT = bit(basic.edx, 28);

  f->fSSE3 = bit(basic.ecx, 0);
  f->fCLMUL = bit(basic.ecx, 1);
  f->fSSSE3 = bit(basic.ecx, 9);
  f->fSSE4_1 = bit(basic.ecx, 19);
  f->fSSE4_2 = bit(basic.ecx, 20);
  f->fPOPCNT = bit(basic.ecx, 23);
  f->fAES = bit(basic.ecx, 25);
  f->fHV = bit(basic.ecx, 31);

  f->fLZCNT = bit(extended.ecx, 5);
  f->fSSE4A = bit(extended.ecx, 6);
  f->fAMD_3DNOW_PREFETCH = bit(extended.ecx, 8) | bit(extended.edx, 31);
  f->fRDTSCP = bit(extended.edx, 27);

  f->fTSCINV_BIT = bit(power.edx, 8);
  f->fTSCINV = f->fTSCINV_BIT;

  f->fBMI1 = bit(structured.ebx, 3);
  f->fBMI2 = bit(structured.ebx, 8);
  f->fERMS = bit(structured.ebx, 9);
  f->fRTM = bit(structured.ebx, 11);
  f->fADX = bit(structured.ebx, 19);
  f->fFLUSHOPT = bit(structured.ebx, 23);
  f->fCLWB = bit(structured.ebx, 24);
  f->fSHA = bit(structured.ebx, 29);
  f->fPKU = bit(structured.ecx, 3);
  f->fOSPKE = bit(structured.ecx, 4);
  f->fCET_SS = bit(structured.ecx, 7);
  f->fGFNI = bit(structured.ecx, 8);
  f->fRDPID = bit(structured.ecx, 22);
  f->fFSRM = bit(structured.edx, 4);
  f->fSERIALIZE = bit(structured.edx, 14);
  f->fCET_IBT = bit(structured.edx, 20);

  /* The wide registers may be used only if the kernel saves them. */
  unsigned int state = bit(basic.ecx, 27) ? enabled_state() : 0;
  if ((state & 0x06) != 0x06 || !bit(basic.ecx, 28)) {
    return;
  }
  f->fAVX = 1;
  f->fVZEROUPPER = 1;
  f->fFMA = bit(basic.ecx, 12);
  f->fF16C = bit(basic.ecx, 29);
  f->fAVX2 = bit(structured.ebx, 5);
  f->fSHA512 = bit(structured1.eax, 0);
  f->fAVX_IFMA = bit(structured1.eax, 23);
  f->fAPX_F = bit(structured1.edx, 21) && (state & 0x80000);

  if ((state & 0xe6) != 0xe6 || !bit(structured.ebx, 16)) {
    return;
  }
  f->fAVX512F = 1;
  f->fAVX512DQ = bit(structured.ebx, 17);
  f->fAVX512_IFMA = bit(structured.ebx, 21);
  f->fAVX512PF = bit(structured.ebx, 26);
  f->fAVX512ER = bit(structured.ebx, 27);
  f->fAVX512CD = bit(structured.ebx, 28);
  f->fAVX512BW = bit(structured.ebx, 30);
  f->fAVX512VL = bit(structured.ebx, 31);
  f->fAVX512_VBMI = bit(structured.ecx, 1);
  f->fAVX512_VBMI2 = bit(structured.ecx, 6);
  f->fAVX512_VAES = bit(structured.ecx, 9);
  f->fAVX512_VPCLMULQDQ = bit(structured.ecx, 10);
  f->fAVX512_VNNI = bit(structured.ecx, 11);
  f->fAVX512_BITALG = bit(structured.ecx, 12);
  f->fAVX512_VPOPCNTDQ = bit(structured.ecx, 14);
  f->fAVX512_FP16 = bit(structured.edx, 23);
  if (bit(structured1.edx, 19)) {
    unsigned int version = leaf(0x24, 0).ebx & 0xff;
    f->fAVX10_1 = version >= 1;
    f->fAVX10_2 = version >= 2;
  }
}
