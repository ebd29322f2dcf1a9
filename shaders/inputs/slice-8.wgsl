const SLICE = 8u;
