//! How much memory there is for the taking, and what is done with it when it is free again.

use std::path::Path;

/// Bytes that can be had without pressing on other programs, within the limit of the control group (container) that
/// the program runs in; `None` where the system does not say.
pub fn available() -> Option<u64> {
    let system = meminfo(&std::fs::read_to_string("/proc/meminfo").ok()?)?;
    Some(group(Path::new("/sys/fs/cgroup")).map_or(system, |group| group.min(system)))
}

/// Has the C library keep what is freed instead of giving it back to the system. Activations and patterns come and go
/// in pieces of megabytes, and to fault such a piece in again, page by page, takes longer than what is done with it.
///
/// Called by a program before it starts threads; does nothing where the C library has no such choice.
pub fn keep_freed() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: mallopt takes any numbers.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 32 << 20); // the most that it takes
        libc::mallopt(libc::M_TRIM_THRESHOLD, 1 << 30);
    }
}

/// `MemAvailable` of `/proc/meminfo`, which counts in KiB.
fn meminfo(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? << 10)
}

/// What is left of a control group's limit; `None` without one.
fn group(folder: &Path) -> Option<u64> {
    let number = |file: &str| std::fs::read_to_string(folder.join(file)).ok()?.trim().parse::<u64>().ok();
    Some(number("memory.max")?.saturating_sub(number("memory.current")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_is_understood() {
        assert_eq!(meminfo("MemTotal:  9 kB\nMemAvailable:   1234 kB\n"), Some(1234 << 10));
        assert_eq!(meminfo("MemTotal:  9 kB\n"), None);
        let dir = tempfile::tempdir().unwrap();
        let write = |file: &str, text: &str| std::fs::write(dir.path().join(file), text).unwrap();
        write("memory.current", "100\n");
        write("memory.max", "max\n");
        assert_eq!(group(dir.path()), None);
        write("memory.max", "250\n");
        assert_eq!(group(dir.path()), Some(150));
        #[cfg(target_os = "linux")]
        assert!(available().is_some());
    }
}
