const SLICE = 16u;
