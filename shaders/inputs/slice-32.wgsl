const SLICE = 32u;
