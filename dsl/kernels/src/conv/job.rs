//! Convolutions and their input gradients as one kind of job: pixels on a grid, each a sum over
//! taps that lie at the same places relative to it in a padded map.

use super::Conv;
use super::tile::Run;
use std::ops::Range;

/// An element of the window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tap {
    /// Its place, down and right, from the window's first.
    pub(super) at: [usize; 2],
    /// Its number among the weights.
    pub(super) number: usize,
}

/// A grid of output pixels and where each reads.
#[derive(Clone, Debug)]
pub(super) struct Job {
    /// Height, width and channels of the map that is read.
    map: [usize; 3],
    /// Place of the first pixel's first tap, which may lie before the map.
    from: [isize; 2],
    /// Distance of neighbouring pixels in the map.
    step: [usize; 2],
    /// Rows and columns from the first to the last tap.
    reach: [usize; 2],
    /// Pixels, down and right.
    pub(super) grid: [usize; 2],
    /// The taps, by place.
    pub(super) taps: Vec<Tap>,
    /// Place of the first pixel in the output.
    pub(super) out_from: [usize; 2],
    /// Distance of neighbouring pixels in the output.
    pub(super) out_step: [usize; 2],
}

/// The forward pass: one job.
pub(super) fn forward(g: &Conv) -> Job {
    let [kh, kw] = g.kernel;
    let taps = (0..kh * kw).map(|number| Tap {
        at: [number / kw * g.dilation[0], number % kw * g.dilation[1]],
        number,
    });
    Job {
        map: g.input,
        from: g.pad.map(|pad| -(pad as isize)),
        step: g.stride,
        reach: [0, 1].map(|i| (g.kernel[i] - 1) * g.dilation[i] + 1),
        grid: [g.output[0], g.output[1]],
        taps: taps.collect(),
        out_from: [0, 0],
        out_step: [1, 1],
    }
}

/// Places of `reach × reach` pixels that begin `step` apart, enough to cover the output.
pub(super) fn patches(g: &Conv, step: usize, reach: usize) -> Job {
    Job {
        map: g.input,
        from: g.pad.map(|pad| -(pad as isize)),
        step: [step; 2],
        reach: [reach; 2],
        grid: [g.output[0].div_ceil(step), g.output[1].div_ceil(step)],
        taps: Vec::new(),
        out_from: [0, 0],
        out_step: [step; 2],
    }
}

/// Pixels of one axis of the input that the same elements of the window reach.
struct Phase {
    from: isize,
    reach: usize,
    count: usize,
    /// Place and number of each element.
    taps: Vec<(usize, usize)>,
    out_from: usize,
}

/// The gradient of the input: a job for each remainder of the place by the stride, down and right.
pub(super) fn input_grad(g: &Conv) -> Vec<Job> {
    let [down, right] = [0, 1].map(|i| phases(g, i));
    let mut jobs = Vec::new();
    for y in &down {
        for x in &right {
            let mut taps: Vec<Tap> = Vec::new();
            for &(row, u) in &y.taps {
                for &(col, v) in &x.taps {
                    taps.push(Tap { at: [row, col], number: u * g.kernel[1] + v });
                }
            }
            taps.sort_by_key(|tap| tap.at);
            jobs.push(Job {
                map: g.output,
                from: [y.from, x.from],
                step: [1, 1],
                reach: [y.reach, x.reach],
                grid: [y.count, x.count],
                taps,
                out_from: [y.out_from, x.out_from],
                out_step: g.stride,
            });
        }
    }
    jobs
}

fn phases(g: &Conv, axis: usize) -> Vec<Phase> {
    let (n, stride, pad) = (g.input[axis], g.stride[axis], g.pad[axis]);
    let phase = |rest: usize| {
        // Input place i = stride · q + rest − pad is reached by element u from output place
        // q − (u · dilation − rest) / stride, where that division comes out even.
        let first = (pad as isize - rest as isize).max(0) as usize;
        let first = first.div_ceil(stride);
        let out_from = first * stride + rest - pad;
        let places = (0..g.kernel[axis]).map(|u| (u * g.dilation[axis], u));
        let back: Vec<(usize, usize)> = places
            .filter(|(at, _)| at % stride == rest)
            .map(|(at, u)| ((at - rest) / stride, u))
            .collect();
        let most = back.iter().map(|b| b.0).max().unwrap_or(0);
        let least = back.iter().map(|b| b.0).min().unwrap_or(0);
        Phase {
            from: first as isize - most as isize,
            reach: most - least + 1,
            count: n.saturating_sub(out_from).div_ceil(stride),
            taps: back.into_iter().map(|(b, u)| (most - b, u)).collect(),
            out_from,
        }
    };
    (0..stride).map(phase).filter(|phase| phase.count > 0).collect()
}

impl Job {
    /// Whether the map must be copied into a frame of zeros first.
    pub(super) fn padded(&self) -> bool {
        [0, 1].into_iter().any(|i| {
            let last = (self.grid[i] - 1) * self.step[i] + self.reach[i];
            self.from[i] < 0 || self.from[i] + last as isize > self.map[i] as isize
        })
    }

    /// Columns of a row of the map as the tiles see it.
    fn width(&self) -> usize {
        if self.padded() { (self.grid[1] - 1) * self.step[1] + self.reach[1] } else { self.map[1] }
    }

    /// Floats between neighbouring rows of the map as the tiles see it.
    pub(super) fn row(&self) -> usize {
        self.width() * self.map[2]
    }

    /// Floats between neighbouring pixels in the map as the tiles see it.
    pub(super) fn strides(&self) -> [usize; 2] {
        [self.step[0] * self.row(), self.step[1] * self.map[2]]
    }

    /// The taps as runs of floats, for one of `groups`.
    pub(super) fn runs(&self, groups: usize) -> Vec<Run> {
        let (c, width) = (self.map[2], self.width());
        let mut runs: Vec<Run> = Vec::with_capacity(self.taps.len());
        for tap in &self.taps {
            let offset = (tap.at[0] * width + tap.at[1]) * c;
            match runs.last_mut() {
                Some(run) if groups == 1 && run.offset + run.len == offset => run.len += c,
                _ => runs.push(Run { offset, len: c / groups }),
            }
        }
        runs
    }

    /// Floats that the frame of so many rows of the grid takes.
    pub(super) fn frame(&self, rows: usize) -> usize {
        match self.padded() && rows > 0 {
            true => ((rows - 1) * self.step[0] + self.reach[0]) * self.width() * self.map[2],
            false => 0,
        }
    }

    /// What the tiles read for these rows of the grid: part of the image, or the frame filled.
    pub(super) fn source<'a>(
        &self,
        rows: Range<usize>,
        image: &'a [f32],
        frame: &'a mut [f32],
    ) -> &'a [f32] {
        let [h, w, c] = self.map;
        let top = self.from[0] + (rows.start * self.step[0]) as isize;
        if !self.padded() {
            return &image[(top as usize * w + self.from[1] as usize) * c..];
        }
        let width = self.width();
        let frame = &mut frame[..self.frame(rows.len())];
        let before = (-self.from[1]).clamp(0, width as isize) as usize;
        let first = self.from[1].max(0) as usize;
        let copied = w.saturating_sub(first).min(width - before);
        for (i, row) in frame.chunks_exact_mut(width * c).enumerate() {
            let y = top + i as isize;
            if y < 0 || y >= h as isize || copied == 0 {
                row.fill(0.0);
                continue;
            }
            row[..before * c].fill(0.0);
            let from = (y as usize * w + first) * c;
            row[before * c..][..copied * c].copy_from_slice(&image[from..][..copied * c]);
            row[(before + copied) * c..].fill(0.0);
        }
        frame
    }

    /// The rows of the grid that lie in these rows of the output.
    pub(super) fn rows_in(&self, out: Range<usize>) -> Range<usize> {
        let row = |y: usize| {
            y.saturating_sub(self.out_from[0]).div_ceil(self.out_step[0]).min(self.grid[0])
        };
        row(out.start)..row(out.end)
    }
}
