// The package's main entry is not an ES module; this one is, but it comes without types of its own.
declare module "wgsl_reflect/wgsl_reflect.module.js" {
  export * from "wgsl_reflect";
}
