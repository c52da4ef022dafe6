//! Where to compute, by the names that users give.

use std::str::FromStr;

use anyhow::{Context as _, Result, bail};
use candle_core::Device;
use candle_core::utils::{cuda_is_available, metal_is_available};

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The accelerator that both the build and the machine have, else the CPU.
    Auto,
    Cpu,
    /// A GPU of NVIDIA, by its number.
    Cuda(usize),
    /// Apple's GPU.
    Metal,
}

impl FromStr for DeviceChoice {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Ok(match name {
            "auto" => DeviceChoice::Auto,
            "cpu" => DeviceChoice::Cpu,
            "cuda" => DeviceChoice::Cuda(0),
            "metal" => DeviceChoice::Metal,
            _ => match name.strip_prefix("cuda:").and_then(|number| number.parse().ok()) {
                Some(number) => DeviceChoice::Cuda(number),
                None => return Err("no such device; use auto, cpu, cuda, cuda:N or metal"),
            },
        })
    }
}

impl DeviceChoice {
    /// The device.
    ///
    /// # Errors
    /// A device that this build has no code for, or that this machine does not have.
    pub fn open(self) -> Result<Device> {
        match self {
            DeviceChoice::Cpu => Ok(Device::Cpu),
            DeviceChoice::Auto => Ok(Self::accelerator().unwrap_or(Device::Cpu)),
            DeviceChoice::Cuda(number) => {
                if !cuda_is_available() {
                    bail!("{}", not_built("cuda", "NVIDIA's CUDA toolkit"));
                }
                Device::new_cuda(number).context("this machine has no such GPU (`nvidia-smi` lists them)")
            }
            DeviceChoice::Metal => {
                if !metal_is_available() {
                    bail!("{}", not_built("metal", "macOS"));
                }
                Device::new_metal(0).context("this machine has no GPU that Metal can use")
            }
        }
    }

    fn accelerator() -> Option<Device> {
        let cuda = || cuda_is_available().then(|| Device::new_cuda(0).ok()).flatten();
        let metal = || metal_is_available().then(|| Device::new_metal(0).ok()).flatten();
        cuda().or_else(metal)
    }
}

fn not_built(feature: &str, needs: &str) -> String {
    format!(
        "this build has no code for it; make one that has with `cargo build --release --features {feature}` (which \
         needs {needs}), or use --device cpu"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let choice = |name: &str| name.parse::<DeviceChoice>();
        assert_eq!(choice("cuda"), choice("cuda:0"));
        assert_eq!(choice("cuda:3"), Ok(DeviceChoice::Cuda(3)));
        assert_eq!((choice("auto"), choice("metal")), (Ok(DeviceChoice::Auto), Ok(DeviceChoice::Metal)));
        for name in ["tpu", "cuda:", "cuda:x", "CPU", ""] {
            assert_eq!(choice(name), Err("no such device; use auto, cpu, cuda, cuda:N or metal"), "{name}");
        }
    }

    #[test]
    fn a_build_without_accelerators_says_how_to_make_one() {
        assert!(DeviceChoice::Auto.open().is_ok() && DeviceChoice::Cpu.open().unwrap().is_cpu());
        for (choice, feature, built) in [
            (DeviceChoice::Cuda(99), "cuda", cuda_is_available()),
            (DeviceChoice::Metal, "metal", metal_is_available()),
        ] {
            if !built {
                let error = choice.open().unwrap_err().to_string();
                assert!(error.contains(&format!("`cargo build --release --features {feature}`")), "{error}");
            }
        }
    }
}
