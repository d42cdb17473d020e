/** What the kernel counts for the container, and how the task is kept within it: cgroups(7). */
@NullMarked
package com.circleci.runnerinit.task.resources;

import org.jspecify.annotations.NullMarked;
