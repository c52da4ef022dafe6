//! Tensors that have a shape and no values. A model is put together of them to see whether its files have all that it
//! needs: that takes neither time nor memory, whatever the shapes are.

use anyhow::Result;
use candle_core::{DType, Device, Tensor};

/// A tensor of this shape, all of it one zero.
pub fn blank(shape: &[usize]) -> Result<Tensor> {
    Ok(Tensor::zeros((), DType::F32, &Device::Cpu)?.broadcast_as(shape)?)
}

/// What `make` makes of a tensor, which has this shape. Of a blank one nothing is made: the result is blank too.
pub fn made_of(
    tensor: &Tensor,
    shape: [usize; 2],
    make: impl FnOnce() -> candle_core::Result<Tensor>,
) -> Result<Tensor> {
    match tensor.stride().iter().all(|stride| *stride == 0) {
        true => blank(&shape),
        false => Ok(make()?),
    }
}
