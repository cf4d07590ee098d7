//! How are exponentials and logarithms taken many at a time? Branch-free functions that a compiler can
//! spread over vector lanes, and the choice of instructions at run time.
//!
//! Neither uses fused multiply-add, so the portable and the wide version of a kernel agree bit for bit.

/// `exp(x)` without branches; relative error below 3e-16 on `[-700, 700]`, clamped outside.
#[inline(always)]
pub fn exp(x: f64) -> f64 {
    const LOG2_E: f64 = std::f64::consts::LOG2_E;
    // ln 2 in two parts, so that n·ln2 is subtracted without rounding (Cody & Waite 1980).
    const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    // Adding 1.5·2⁵² leaves the rounded integer in the low bits.
    const MAGIC: f64 = 6_755_399_441_055_744.0;
    let x = if x > -700.0 { x } else { -700.0 };
    let x = if x < 700.0 { x } else { 700.0 };
    let shifted = x * LOG2_E + MAGIC;
    let n = shifted - MAGIC;
    let r = (x - n * LN2_HIGH) - n * LN2_LOW;
    // Taylor's series to r¹³: |r| ≤ 0.3466, remainder below 1e-17. Even and odd halves side by side.
    let r2 = r * r;
    let even = 1.0
        + r2 * (0.5
            + r2 * (1.0 / 24.0
                + r2 * (1.0 / 720.0
                    + r2 * (1.0 / 40_320.0 + r2 * (1.0 / 3_628_800.0 + r2 * (1.0 / 479_001_600.0))))));
    let odd = 1.0
        + r2 * (1.0 / 6.0
            + r2 * (1.0 / 120.0
                + r2 * (1.0 / 5_040.0
                    + r2 * (1.0 / 362_880.0 + r2 * (1.0 / 39_916_800.0 + r2 * (1.0 / 6_227_020_800.0))))));
    let scale = f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52);
    (even + r * odd) * scale
}

/// `ln(x)` of a positive normal number without branches; absolute error below 3e-16 · max(1, |ln x|).
#[inline(always)]
pub fn ln(x: f64) -> f64 {
    const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    // √½, so that the mantissa lies in [√½, √2).
    const SHIFT: u64 = 0x3fe6_a09e_667f_3bcd;
    const INTEGER: u64 = 0x4330_0000_0000_0000; // 2⁵²
    let offset = x.to_bits().wrapping_sub(SHIFT).wrapping_add(1023 << 52);
    let exponent = f64::from_bits(INTEGER | (offset >> 52)) - (4_503_599_627_370_496.0 + 1023.0);
    let mantissa = f64::from_bits((offset & 0x000f_ffff_ffff_ffff).wrapping_add(SHIFT));
    let f = mantissa - 1.0;
    let s = f / (mantissa + 1.0);
    let z = s * s;
    // ln m = 2 artanh s with |s| ≤ 0.1716.
    let tail = z
        * (1.0 / 3.0
            + z * (1.0 / 5.0
                + z * (1.0 / 7.0
                    + z * (1.0 / 9.0
                        + z * (1.0 / 11.0
                            + z * (1.0 / 13.0
                                + z * (1.0 / 15.0
                                    + z * (1.0 / 17.0 + z * (1.0 / 19.0 + z * (1.0 / 21.0))))))))));
    exponent * LN2_HIGH + (2.0 * (s + s * tail) + exponent * LN2_LOW)
}

/// The logistic function of `z` and `ln(1 + exp(z))`.
#[inline(always)]
pub fn logistic_softplus(z: f64) -> (f64, f64) {
    let e = exp(-z.abs());
    let inverse = 1.0 / (1.0 + e);
    let small = e * inverse;
    let positive = if z > 0.0 { z } else { 0.0 };
    (if z > 0.0 { inverse } else { small }, positive + ln(1.0 + e))
}

/// The logistic function of `z`.
#[inline(always)]
pub fn logistic(z: f64) -> f64 {
    let e = exp(-z.abs());
    let inverse = 1.0 / (1.0 + e);
    if z > 0.0 { inverse } else { e * inverse }
}

/// Defines a function that runs its body compiled for AVX2 where the machine has it.
///
/// The body must be `#[inline(always)]` all the way down, so that one source serves both: the portable
/// version is the safe twin of the wide one, and tests hold them to the same bits.
macro_rules! wide_kernel {
    ($(#[$doc:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? = $body:path;) => {
        $(#[$doc])*
        #[allow(clippy::too_many_arguments)]
        $vis fn $name($($arg: $ty),*) $(-> $ret)? {
            #[cfg(target_arch = "x86_64")]
            {
                // Inlined into a larger function, loops over lanes are not always seen as such.
                #[inline(never)]
                #[target_feature(enable = "avx2")]
                #[allow(clippy::too_many_arguments)]
                fn wide($($arg: $ty),*) $(-> $ret)? {
                    $body($($arg),*)
                }
                if std::arch::is_x86_feature_detected!("avx2") {
                    // SAFETY: the instructions were just found on this machine.
                    return unsafe { wide($($arg),*) };
                }
            }
            $body($($arg),*)
        }
    };
}
pub(crate) use wide_kernel;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponentials_and_logarithms_agree_with_the_standard_library() {
        for i in -70_000..70_000 {
            let x = i as f64 * 0.009_97;
            assert!((exp(x) / x.exp() - 1.0).abs() < 4e-16, "exp({x})");
            let y = x.exp();
            assert!((ln(y) - y.ln()).abs() <= 4e-16 * y.ln().abs().max(1.0), "ln({y})");
        }
        assert_eq!((exp(0.0), ln(1.0)), (1.0, 0.0));
    }

    #[test]
    fn the_logistic_is_finite_at_the_extremes() {
        for z in [-1e9, -800.0, -40.0, 0.0, 40.0, 800.0, 1e9] {
            let (p, s) = logistic_softplus(z);
            assert!((0.0..=1.0).contains(&p) && s >= 0.0 && s.is_finite());
            assert_eq!(p, logistic(z));
        }
        assert!((logistic_softplus(0.3).1 - 0.3f64.exp().ln_1p()).abs() < 1e-15);
    }

    fn sum_body(x: &[f64]) -> f64 {
        let mut lanes = [0.0; 8];
        for chunk in x.chunks(8) {
            for (lane, v) in lanes.iter_mut().zip(chunk) {
                *lane += logistic_softplus(*v).1;
            }
        }
        lanes.iter().sum()
    }

    wide_kernel! { fn sum(x: &[f64]) -> f64 = sum_body; }

    #[test]
    fn the_wide_kernel_gives_the_bits_of_its_portable_twin() {
        let x: Vec<f64> = (0..1003).map(|i| (i as f64 - 500.0) * 0.07).collect();
        assert_eq!(sum(&x).to_bits(), sum_body(&x).to_bits());
    }
}
