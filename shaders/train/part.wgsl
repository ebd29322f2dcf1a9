// What differs from one dispatch of a kernel to the next: a part of a batch, small enough that no dispatch takes long.

struct TrainPart {
  first: u32,      // place in the order of the part's first row
  rows: u32,
  share: f32,      // 1 / rows of the whole batch: what a row counts for in the mean loss
  is_first: u32,   // of its batch: gradients are those of this part, and not added to what is there
  pass_: u32,      // epoch, of the dropout masks
  threshold: u32,  // draws of 16 bits below it leave a unit out
  keep_scale: f32, // 1 / (1 − rate of dropout)
  rate: f32,       // of Adam: learning rate / (1 − 0.9^steps)
  spread: f32,     // of Adam: 1 / √(1 − 0.999^steps)
}

@group(0) @binding(6) var<uniform> part: TrainPart;
