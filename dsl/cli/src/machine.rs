//! What machine this is: memory that can be had, the processor and what it can do.

use sysinfo::{MemoryRefreshKind, RefreshKind, System};

/// Bytes of memory that can be had now: what the system has left, within what the control group of the process
/// may take.
pub(crate) fn memory() -> Option<u64> {
    let kind = RefreshKind::nothing().with_memory(MemoryRefreshKind::everything());
    let system = System::new_with_specifics(kind);
    let free = system.available_memory() + system.free_swap();
    let limit = system.cgroup_limits().map(|limits| limits.free_memory);
    let known = free > 0;
    known.then(|| limit.filter(|&limit| limit > 0).map_or(free, |limit| limit.min(free)))
}

/// The name of the processor.
pub(crate) fn processor() -> String {
    let mut system = System::new();
    system.refresh_cpu_all();
    let name = system.cpus().first().map(|cpu| cpu.brand().trim().to_string());
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| std::env::consts::ARCH.to_string())
}
