using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Assay.Training;

[assembly: InternalsVisibleTo("Assay.Language.Tests")]

namespace Assay.Language;

internal static class Startup
{
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "libtorch must be loaded before any code of this assembly calls TorchSharp.")]
    internal static void Run() => TorchRuntime.EnsureLoaded();
}
