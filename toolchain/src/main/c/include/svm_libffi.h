/* Asked for by the image builder; empty because these images have no foreign function interface. */
