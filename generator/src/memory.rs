//! How much memory there is for the taking.

use std::path::Path;

/// Bytes that can be had without pressing on other programs, within the limit of the control group (container) that
/// the program runs in; `None` where the system does not say.
pub fn available() -> Option<u64> {
    let system = meminfo(&std::fs::read_to_string("/proc/meminfo").ok()?)?;
    Some(group(Path::new("/sys/fs/cgroup")).map_or(system, |group| group.min(system)))
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
