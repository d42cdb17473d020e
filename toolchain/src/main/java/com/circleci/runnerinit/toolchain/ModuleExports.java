package com.circleci.runnerinit.toolchain;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.MethodTypeEntry;
import java.lang.classfile.constantpool.NameAndTypeEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReader;
import java.lang.module.ModuleReference;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The packages of the JDK that the image builder's modules use and may not see: a GraalVM's JDK
 * exports them, a stock one has to be told to.
 */
final class ModuleExports {
  private static final Pattern TYPE_IN_DESCRIPTOR = Pattern.compile("L([^;]+);");

  private final ModuleFinder builder;
  private final Map<String, ModuleDescriptor> systemModuleOfPackage = new HashMap<>();

  /** A package of a system module. */
  private record Export(String module, String packageName) implements Comparable<Export> {
    @Override
    public int compareTo(Export other) {
      return toString().compareTo(other.toString());
    }

    @Override
    public String toString() {
      return module + "/" + packageName;
    }
  }

  ModuleExports(List<Path> jars) {
    builder = ModuleFinder.of(jars.toArray(Path[]::new));
    for (ModuleReference reference : ModuleFinder.ofSystem().findAll()) {
      ModuleDescriptor module = reference.descriptor();
      // The builder brings its own compiler, which takes the place of the JDK's.
      if (builder.find(module.name()).isEmpty()) {
        module.packages().forEach(name -> systemModuleOfPackage.put(name, module));
      }
    }
  }

  /** One {@code --add-exports} for each package. */
  List<String> arguments() throws IOException {
    var users = new TreeMap<Export, Set<String>>();
    for (ModuleReference reference : builder.findAll()) {
      String user = reference.descriptor().name();
      for (String packageName : packagesNamedBy(reference)) {
        ModuleDescriptor owner = systemModuleOfPackage.get(packageName);
        if (owner != null && !isExported(owner, packageName, user)) {
          users
              .computeIfAbsent(new Export(owner.name(), packageName), export -> new TreeSet<>())
              .add(user);
        }
      }
    }
    return users.entrySet().stream()
        .map(entry -> "--add-exports=" + entry.getKey() + "=" + String.join(",", entry.getValue()))
        .toList();
  }

  private static boolean isExported(ModuleDescriptor owner, String packageName, String user) {
    return owner.exports().stream()
        .filter(exports -> exports.source().equals(packageName))
        .anyMatch(exports -> !exports.isQualified() || exports.targets().contains(user));
  }

  private static Set<String> packagesNamedBy(ModuleReference module) throws IOException {
    var packages = new HashSet<String>();
    try (ModuleReader reader = module.open();
        Stream<String> names = reader.list()) {
      for (String name : names.filter(name -> name.endsWith(".class")).toList()) {
        ByteBuffer bytes = reader.read(name).orElseThrow();
        var content = new byte[bytes.remaining()];
        bytes.get(content);
        reader.release(bytes);
        addPackages(ClassFile.of().parse(content), packages);
      }
    }
    return packages;
  }

  private static void addPackages(ClassModel model, Set<String> packages) {
    for (PoolEntry entry : model.constantPool()) {
      switch (entry) {
        case ClassEntry type -> addPackage(type.asInternalName(), packages);
        case NameAndTypeEntry member -> addTypes(member.type().stringValue(), packages);
        case MethodTypeEntry method -> addTypes(method.descriptor().stringValue(), packages);
        default -> {}
      }
    }
    model.methods().forEach(method -> addTypes(method.methodType().stringValue(), packages));
    model.fields().forEach(field -> addTypes(field.fieldType().stringValue(), packages));
  }

  private static void addTypes(String descriptor, Set<String> packages) {
    Matcher type = TYPE_IN_DESCRIPTOR.matcher(descriptor);
    while (type.find()) {
      addPackage(type.group(1), packages);
    }
  }

  private static void addPackage(String internalName, Set<String> packages) {
    if (internalName.startsWith("[")) {
      addTypes(internalName, packages);
      return;
    }
    int end = internalName.lastIndexOf('/');
    if (end > 0) {
      packages.add(internalName.substring(0, end).replace('/', '.'));
    }
  }
}
