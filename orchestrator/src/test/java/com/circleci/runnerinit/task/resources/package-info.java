@NullMarked
package com.circleci.runnerinit.task.resources;

import org.jspecify.annotations.NullMarked;
