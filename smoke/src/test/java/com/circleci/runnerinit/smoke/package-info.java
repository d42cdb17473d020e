/** Tests of the images and of the manifests that an operator deploys. */
@NullMarked
package com.circleci.runnerinit.smoke;

import org.jspecify.annotations.NullMarked;
