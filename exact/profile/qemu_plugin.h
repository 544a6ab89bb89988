// SPDX-License-Identifier: GPL-2.0-only
// What exact/profile uses of QEMU's plugin interface, versions 1 and 3.
//
// Declared after include/qemu/qemu-plugin.h of QEMU 7.2 (GPL-2.0-or-later),
// which Debian does not package, and of its development tree for version 3.
// RETRAP_PLUGIN_API says which: 1 is for QEMU 4.2 to 8.2, 3 for 9.1 and later;
// 7.2 and 10.0 have been tried.
// Version 2 (QEMU 9.0) took the counters that are not a vCPU's own away;
// version 3 has qemu_plugin_insn_data() copy.
#ifndef RETRAP_PROFILE_QEMU_PLUGIN_H_
#define RETRAP_PROFILE_QEMU_PLUGIN_H_

#include <cstddef>
#include <cstdint>

// QEMU's names, not ours. NOLINTBEGIN
#define QEMU_PLUGIN_EXPORT __attribute__((visibility("default")))

extern "C" {

using qemu_plugin_id_t = std::uint64_t;
using qemu_plugin_meminfo_t = std::uint32_t;

struct qemu_info_t {
  const char* target_name;
  struct {
    int min;
    int cur;
  } version;
  bool system_emulation;
  union {
    struct {
      int smp_vcpus;
      int max_vcpus;
    } system;
  };
};

struct qemu_plugin_tb;
struct qemu_plugin_insn;

enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_CB_R_REGS };
enum qemu_plugin_mem_rw { QEMU_PLUGIN_MEM_RW = 3 };
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };

using qemu_plugin_udata_cb_t = void (*)(qemu_plugin_id_t, void*);
using qemu_plugin_vcpu_udata_cb_t = void (*)(unsigned vcpu, void*);
using qemu_plugin_vcpu_tb_trans_cb_t = void (*)(qemu_plugin_id_t,
                                                qemu_plugin_tb*);
using qemu_plugin_vcpu_mem_cb_t = void (*)(unsigned vcpu, qemu_plugin_meminfo_t,
                                           std::uint64_t vaddr, void*);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t,
                                           qemu_plugin_vcpu_tb_trans_cb_t);
void qemu_plugin_register_vcpu_tb_exec_cb(qemu_plugin_tb*,
                                          qemu_plugin_vcpu_udata_cb_t,
                                          qemu_plugin_cb_flags, void*);
void qemu_plugin_register_vcpu_insn_exec_cb(qemu_plugin_insn*,
                                            qemu_plugin_vcpu_udata_cb_t,
                                            qemu_plugin_cb_flags, void*);
#if RETRAP_PLUGIN_API == 1
void qemu_plugin_register_vcpu_insn_exec_inline(qemu_plugin_insn*,
                                                qemu_plugin_op, void*,
                                                std::uint64_t imm);
const void* qemu_plugin_insn_data(const qemu_plugin_insn*);
#else
using qemu_plugin_vcpu_simple_cb_t = void (*)(qemu_plugin_id_t, unsigned vcpu);
void qemu_plugin_register_vcpu_init_cb(qemu_plugin_id_t,
                                       qemu_plugin_vcpu_simple_cb_t);
// Of GLib, which QEMU is linked with; g_array_free(3), g_byte_array_new(3).
struct GArray {
  char* data;
  unsigned len;
};
struct GByteArray {
  std::uint8_t* data;
  unsigned len;
};
char* g_array_free(GArray*, int free_segment);
GByteArray* g_byte_array_new();
GByteArray* g_byte_array_set_size(GByteArray*, unsigned length);
struct qemu_plugin_register;
struct qemu_plugin_reg_descriptor {
  qemu_plugin_register* handle;
  const char* name;
  const char* feature;
};
GArray* qemu_plugin_get_registers();
int qemu_plugin_read_register(qemu_plugin_register*, GByteArray* to);
std::size_t qemu_plugin_insn_data(const qemu_plugin_insn*, void* to,
                                  std::size_t length);
#endif
void qemu_plugin_register_vcpu_mem_cb(qemu_plugin_insn*,
                                      qemu_plugin_vcpu_mem_cb_t,
                                      qemu_plugin_cb_flags, qemu_plugin_mem_rw,
                                      void*);
bool qemu_plugin_mem_is_store(qemu_plugin_meminfo_t);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, qemu_plugin_udata_cb_t,
                                    void*);

std::size_t qemu_plugin_tb_n_insns(const qemu_plugin_tb*);
std::uint64_t qemu_plugin_tb_vaddr(const qemu_plugin_tb*);
qemu_plugin_insn* qemu_plugin_tb_get_insn(const qemu_plugin_tb*, std::size_t);
std::size_t qemu_plugin_insn_size(const qemu_plugin_insn*);
std::uint64_t qemu_plugin_insn_vaddr(const qemu_plugin_insn*);

QEMU_PLUGIN_EXPORT extern int qemu_plugin_version;
QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t, const qemu_info_t*,
                                           int argc, char** argv);
}
// NOLINTEND

#endif  // RETRAP_PROFILE_QEMU_PLUGIN_H_
