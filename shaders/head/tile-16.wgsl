const TILE = 16u;
