//! A head's pattern in a few pixels, from the high bytes of the overview.

use lens_schema::scale::Lut;
use lens_schema::shard::{Meta, dequantize_hi};

use super::colours::Colours;
use super::raster::{Indexed, MASKED, Place, paint};

/// The place in the colour map of each high byte of a head whose values lie in `own`.
fn table(colours: &Colours, own: (f32, f32)) -> [Place; 256] {
    let place = colours.places();
    std::array::from_fn(|hi| place(dequantize_hi(hi as u8).clamp(own.0, own.1.max(own.0))))
}

/// Paints a head's high bytes into `pixels` × `pixels` RGBA pixels; `own` is the range of its values.
pub fn thumbnail(meta: &Meta, hi: &[u8], own: (f32, f32), colours: &Colours, lut: &Lut, pixels: usize) -> Vec<u8> {
    let side = meta.overview_side();
    let table = table(colours, own);
    let is_masked = |at: usize| meta.causal && at % side > at / side;
    let place = |(at, &hi): (usize, &u8)| if is_masked(at) { MASKED } else { table[usize::from(hi)] };
    let indices: Vec<Place> = hi.iter().enumerate().map(place).collect();
    let mut image = vec![0; 4 * pixels * pixels];
    paint(Indexed { n: side, indices: &indices, centre: 0 }, (0.0, 0.0, side as f64), lut, pixels, &mut image);
    image
}

#[cfg(test)]
mod tests {
    use lens_schema::scale::Scale;

    use super::*;

    fn colours(scale: Scale, range: (f32, f32)) -> Colours {
        Colours { scale, range, ..Colours::default() }
    }

    #[test]
    fn pictures_use_the_range_that_they_are_given() {
        let narrow = table(&colours(Scale::Linear, (0.25, 0.5)), (0.25, 0.5));
        assert_eq!((narrow[0], narrow[255]), (0, 255));
        assert_eq!(table(&colours(Scale::Sqrt, (0.0, 1.0)), (0.0, 1.0)), std::array::from_fn(|i| i as Place));
        assert_eq!(table(&colours(Scale::Log, (0.3, 0.3)), (0.3, 0.3)), [0; 256]);
        assert!(table(&colours(Scale::Linear, (0.0, 1.0)), (0.0, 0.5)).iter().all(|&place| place <= 128));
    }

    #[test]
    fn what_is_masked_is_transparent() {
        let gray: Lut = std::array::from_fn(|i| [i as u8; 3]);
        let meta = Meta::new(1, 1, 2, true);
        let image = thumbnail(&meta, &[255, 0, 0, 255], (0.0, 1.0), &Colours::default(), &gray, 2);
        let pixels: Vec<(u8, u8)> = image.chunks(4).map(|pixel| (pixel[0], pixel[3])).collect();
        assert_eq!(pixels, [(255, 255), (0, 0), (0, 255), (255, 255)]);
    }
}
