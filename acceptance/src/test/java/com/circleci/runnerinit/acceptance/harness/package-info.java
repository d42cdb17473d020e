/** Containers of the poor: a chroot, a PID namespace, and someone who watches what is in it. */
@NullMarked
package com.circleci.runnerinit.acceptance.harness;

import org.jspecify.annotations.NullMarked;
