//! Softmax under a causal mask, and cross-entropy: one pass over memory forward and one back, on all cores. Composed of
//! simple operations they take most of the training.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

/// Softmax over the last dimension of square matrices, where row `i` sees its first `i + 1` columns.
pub fn causal_softmax(scores: &Tensor) -> Result<Tensor> {
    scores.apply_op1(CausalSoftmax)
}

/// Mean cross-entropy in nats between rows of logits and the class of each row.
pub fn cross_entropy(logits: &Tensor, classes: Vec<u32>) -> Result<Tensor> {
    logits.apply_op1(CrossEntropy { classes })
}

struct CausalSoftmax;

impl CustomOp1 for CausalSoftmax {
    fn name(&self) -> &'static str {
        "causal_softmax"
    }

    fn cpu_fwd(&self, scores: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (scores, n) = (rows(scores, layout)?, columns(layout)?);
        let mut pattern = vec![0f32; scores.len()];
        pattern.par_chunks_mut(n).zip(scores.par_chunks(n)).enumerate().for_each(|(at, (pattern, scores))| {
            let seen = at % n + 1;
            softmax(&scores[..seen], &mut pattern[..seen]);
        });
        Ok((CpuStorage::F32(pattern), layout.shape().clone()))
    }

    fn bwd(&self, _scores: &Tensor, pattern: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(pattern.apply_op2_no_bwd(&gradient.contiguous()?, &SoftmaxGradient)?))
    }
}

/// p · (g − Σ p·g) by rows, for the softmax p and the gradient g of what it went into.
struct SoftmaxGradient;

impl CustomOp2 for SoftmaxGradient {
    fn name(&self) -> &'static str {
        "softmax_gradient"
    }

    fn cpu_fwd(
        &self,
        pattern: &CpuStorage,
        layout: &Layout,
        gradient: &CpuStorage,
        gradient_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (pattern, gradient, n) = (rows(pattern, layout)?, rows(gradient, gradient_layout)?, columns(layout)?);
        let mut result = vec![0f32; pattern.len()];
        let inputs = pattern.par_chunks(n).zip(gradient.par_chunks(n));
        result.par_chunks_mut(n).zip(inputs).enumerate().for_each(|(at, (result, (p, g)))| {
            let seen = at % n + 1;
            let (p, g) = (&p[..seen], &g[..seen]);
            let mean: f32 = p.iter().zip(g).map(|(p, g)| p * g).sum();
            result.iter_mut().zip(p.iter().zip(g)).for_each(|(r, (p, g))| *r = p * (g - mean));
        });
        Ok((CpuStorage::F32(result), layout.shape().clone()))
    }
}

struct CrossEntropy {
    classes: Vec<u32>,
}

impl CustomOp1 for CrossEntropy {
    fn name(&self) -> &'static str {
        "cross_entropy"
    }

    fn cpu_fwd(&self, logits: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (logits, n) = (rows(logits, layout)?, columns(layout)?);
        let losses: Vec<f32> = logits
            .par_chunks(n)
            .zip(&self.classes)
            .map(|(logits, class)| {
                let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let sum: f32 = logits.iter().map(|l| (l - largest).exp()).sum();
                largest + sum.ln() - logits[*class as usize]
            })
            .collect();
        let mean = losses.iter().sum::<f32>() / losses.len() as f32;
        Ok((CpuStorage::F32(vec![mean]), Shape::from(())))
    }

    fn bwd(&self, logits: &Tensor, _loss: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let gradient = CrossEntropyGradient { classes: &self.classes, gradient: gradient.to_scalar()? };
        Ok(Some(logits.apply_op1_no_bwd(&gradient)?))
    }
}

/// (softmax − one-hot class) · gradient / rows.
struct CrossEntropyGradient<'a> {
    classes: &'a [u32],
    gradient: f32,
}

impl CustomOp1 for CrossEntropyGradient<'_> {
    fn name(&self) -> &'static str {
        "cross_entropy_gradient"
    }

    fn cpu_fwd(&self, logits: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (logits, n) = (rows(logits, layout)?, columns(layout)?);
        let scale = self.gradient / self.classes.len() as f32;
        let mut result = vec![0f32; logits.len()];
        result.par_chunks_mut(n).zip(logits.par_chunks(n)).zip(self.classes).for_each(|((result, logits), class)| {
            softmax(logits, result);
            result[*class as usize] -= 1.0;
            result.iter_mut().for_each(|r| *r *= scale);
        });
        Ok((CpuStorage::F32(result), layout.shape().clone()))
    }
}

fn softmax(scores: &[f32], result: &mut [f32]) {
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    result.iter_mut().zip(scores).for_each(|(r, s)| *r = (s - largest).exp());
    let scale = 1.0 / result.iter().sum::<f32>();
    result.iter_mut().for_each(|r| *r *= scale);
}

/// The values of a contiguous tensor.
fn rows<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let Some((start, end)) = layout.contiguous_offsets() else { candle_core::bail!("a contiguous tensor is needed") };
    Ok(&storage.as_slice::<f32>()?[start..end])
}

fn columns(layout: &Layout) -> Result<usize> {
    layout.shape().dim(candle_core::D::Minus1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{DType, Device, Var};
    use candle_nn::ops::log_softmax;

    fn random(shape: &[usize]) -> Var {
        let n: usize = shape.iter().product();
        let values: Vec<f32> = (0..n).map(|i| (i as f32 * 12.9898).sin() * 3.0).collect();
        Var::from_tensor(&Tensor::from_vec(values, shape, &Device::Cpu).unwrap()).unwrap()
    }

    fn assert_close(ours: &Tensor, theirs: &Tensor) {
        let difference = (ours - theirs).unwrap().abs().unwrap().flatten_all().unwrap().max(0).unwrap();
        assert!(difference.to_scalar::<f32>().unwrap() < 1e-5, "{difference}");
    }

    /// Value and gradient agree with what candle derives from simple operations.
    #[test]
    fn causal_softmax_is_the_composed_one() {
        let (scores, n) = (random(&[2, 3, 5, 5]), 5);
        let mask: Vec<f32> = (0..n * n).map(|i| if i % n > i / n { f32::NEG_INFINITY } else { 0.0 }).collect();
        let mask = Tensor::from_vec(mask, (n, n), &Device::Cpu).unwrap();
        let composed = log_softmax(&scores.broadcast_add(&mask).unwrap(), 3).unwrap().exp().unwrap();
        let fused = causal_softmax(&scores).unwrap();
        assert_close(&fused, &composed);
        let weights = random(&[2, 3, 5, 5]).sqr().unwrap();
        let gradient = |t: &Tensor| (t * &weights).unwrap().sum_all().unwrap().backward().unwrap();
        let gradients = (gradient(&fused), gradient(&composed));
        assert_close(gradients.0.get(&scores).unwrap(), gradients.1.get(&scores).unwrap());
    }

    #[test]
    fn cross_entropy_is_the_composed_one() {
        let (logits, classes) = (random(&[6, 7]), vec![0u32, 6, 3, 3, 1, 5]);
        let ours = cross_entropy(&logits, classes.clone()).unwrap();
        let theirs = candle_nn::loss::cross_entropy(&logits, &Tensor::new(classes, &Device::Cpu).unwrap()).unwrap();
        assert_close(&ours, &theirs);
        let gradients = [ours, theirs].map(|loss| (loss * 2.0).unwrap().backward().unwrap());
        assert_close(gradients[0].get(&logits).unwrap(), gradients[1].get(&logits).unwrap());
        assert_eq!(gradients[0].get(&logits).unwrap().dtype(), DType::F32);
    }
}
