const TILE = 8u;
