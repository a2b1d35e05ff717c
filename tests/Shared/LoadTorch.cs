using System.Runtime.CompilerServices;
using Assay.Training;

namespace Assay.Tests;

// A test may call TorchSharp before anything of Assay.
internal static class LoadTorch
{
    [ModuleInitializer]
    internal static void Run() => TorchRuntime.EnsureLoaded();
}
