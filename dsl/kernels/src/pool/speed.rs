//! Speed of pooling on one thread; run with
//! `cargo test --release -p dlm-kernels -- --ignored --nocapture speed`.

use super::*;
use crate::gemm::speed::seconds;

#[test]
#[ignore = "measures"]
fn speed_of_pooling() {
    let batch = 8;
    let g = Pool { input: [24, 24, 64], size: [2, 2], stride: [2, 2] };
    let (x, mut dx) = (vec![0.5f32; batch * g.inputs()], vec![0.0f32; batch * g.inputs()]);
    let (mut y, mut arg) = (vec![0.0f32; batch * g.outputs()], vec![0u8; batch * g.outputs()]);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    pool.install(|| {
        let dy = y.clone();
        let per_image = |name: &str, t: f64| println!("{name}: {:.1} us", t * 1e6 / batch as f64);
        per_image("max", seconds(|| max_pool(&g, batch, &x, &mut y)));
        per_image("max and place", seconds(|| max_pool_arg(&g, batch, &x, &mut y, &mut arg)));
        per_image("its gradient", seconds(|| max_pool_grad(&g, batch, &arg, &dy, &mut dx)));
        per_image("mean", seconds(|| avg_pool(&g, batch, &x, &mut y)));
        per_image("its gradient", seconds(|| avg_pool_grad(&g, batch, &dy, &mut dx)));
    });
}
