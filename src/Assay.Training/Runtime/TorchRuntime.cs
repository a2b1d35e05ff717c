using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using TorchSharp;

namespace Assay.Training;

/// <summary>
/// Loads libtorch. It runs by itself before the first use of this assembly; code that calls TorchSharp before anything of Assay calls
/// <see cref="EnsureLoaded"/> first.
/// </summary>
/// <remarks>
/// TorchSharp's native library asks for the symbol version GLIBCXX_3.4.32, which libstdc++ before GCC 13 lacks (Debian 12, Ubuntu 22.04),
/// although it never calls anything of that version. On such a machine a copy in which that one requirement is weak is written to the
/// user's cache folder and loaded instead (<see cref="ElfVersionPatch"/>). Where the version is there, the library is loaded as it is.
/// On Linux the library's release of scalars is put off (<see cref="DelayedScalarRelease"/>).
/// </remarks>
public static class TorchRuntime
{
    private const string NativeName = "libLibTorchSharp.so";
    private const string NeededVersion = "GLIBCXX_3.4.32";
    private static readonly Lock Gate = new();
    private static bool loaded;

    [UnmanagedFunctionPointer(CallingConvention.Cdecl, CharSet = CharSet.Ansi, BestFitMapping = false)]
    private delegate int SetVariable(string name, string value, int overwrite);

    /// <summary>The number of threads that one torch operation may use. Trials that run in parallel set it to 1.</summary>
    public static int Threads
    {
        get
        {
            EnsureLoaded();
            return torch.get_num_threads();
        }

        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            EnsureLoaded();
            torch.set_num_threads(value);
        }
    }

    /// <summary>Loads libtorch if it is not loaded yet.</summary>
    /// <exception cref="DllNotFoundException">libtorch cannot be loaded; the message says what is missing.</exception>
    public static void EnsureLoaded()
    {
        if (Volatile.Read(ref loaded))
            return;
        lock (Gate)
        {
            if (loaded)
                return;
            if (OperatingSystem.IsLinux())
                LetThreadsSleep();
            if (OperatingSystem.IsLinux() && !HasNeededVersion() && FindNative() is { } original)
                LoadPatched(original);
            if (OperatingSystem.IsLinux() && torch.TryInitializeDeviceType(DeviceType.CPU) && NativeLibrary.TryLoad(NativeName, out var library))
                DelayedScalarRelease.Install(library);
            Volatile.Write(ref loaded, true);
        }
    }

    /// <summary>The device that a name stands for: <c>cpu</c>, <c>cuda</c>, <c>cuda:1</c>, or <c>auto</c> (CUDA where there is one).</summary>
    /// <exception cref="ArgumentException">The name is none of these, or the device is absent.</exception>
    public static torch.Device Device(string name)
    {
        EnsureLoaded();
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name == "auto")
            return torch.cuda.is_available() ? torch.CUDA : torch.CPU;
        if (name == "cpu")
            return torch.CPU;
        if (name != "cuda" && !name.StartsWith("cuda:", StringComparison.Ordinal))
            throw new ArgumentException($"unknown device '{name}': cpu, cuda, cuda:N or auto was expected", nameof(name));
        return torch.cuda.is_available()
            ? torch.device(name)
            : throw new ArgumentException("no CUDA device was found; build with -p:TorchDevice=cuda on a machine that has one, or use cpu", nameof(name));
    }

    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "libtorch must be loaded before any code of this assembly calls TorchSharp.")]
    internal static void Initialize() => EnsureLoaded();

    // OpenMP's threads spin for milliseconds between operations. With anything else running on the machine, each then waits for one that
    // has no core: a training took ten times as long. .NET's own variables do not reach native code, hence setenv; the user's setting stays.
    private static void LetThreadsSleep()
    {
        if (Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is null && NativeLibrary.TryLoad("libc.so.6", out var libc) && NativeLibrary.TryGetExport(libc, "setenv", out var address))
            Marshal.GetDelegateForFunctionPointer<SetVariable>(address)("GOMP_SPINCOUNT", "1000", 0);
    }

    // std::ios_base_library_init() is the one symbol that GLIBCXX_3.4.32 brought.
    private static bool HasNeededVersion() =>
        NativeLibrary.TryLoad("libstdc++.so.6", out var handle) && NativeLibrary.TryGetExport(handle, "_ZSt21ios_base_library_initv", out _);

    private static string? FindNative()
    {
        var folders = new List<string>
        {
            Path.Combine(AppContext.BaseDirectory, "runtimes", RuntimeInformation.RuntimeIdentifier, "native"),
            Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native"),
            AppContext.BaseDirectory,
        };
        if (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") is string search)
            folders.AddRange(search.Split(':', StringSplitOptions.RemoveEmptyEntries));
        return folders.Select(f => Path.Combine(f, NativeName)).FirstOrDefault(File.Exists);
    }

    private static void LoadPatched(string original)
    {
        var patched = PatchedCopy(original);
        var folder = Path.GetDirectoryName(original)!;
        // The loader finds these by their names when the patched library asks for them.
        foreach (var dependency in (string[])["libc10.so", "libtorch_cpu.so", "libtorch.so"])
        {
            if (LocateBeside(folder, dependency) is { } path)
                NativeLibrary.Load(path);
        }
        NativeLibrary.Load(patched);
    }

    private static string? LocateBeside(string folder, string file)
    {
        var beside = Path.Combine(folder, file);
        if (File.Exists(beside))
            return beside;
        var search = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "";
        return search.Split(':', StringSplitOptions.RemoveEmptyEntries).Select(f => Path.Combine(f, file)).FirstOrDefault(File.Exists);
    }

    private static string PatchedCopy(string original)
    {
        var bytes = File.ReadAllBytes(original);
        var key = Convert.ToHexStringLower(SHA256.HashData(bytes))[..24];
        var folder = Path.Combine(CacheFolder(), "torch", key);
        var target = Path.Combine(folder, NativeName);
        var weak = ElfVersionPatch.Weaken(bytes, NeededVersion);
        if (File.Exists(target) && new FileInfo(target).Length == bytes.Length && File.ReadAllBytes(target).AsSpan().SequenceEqual(weak))
            return target;
        Directory.CreateDirectory(folder);
        // A name of our own, then a rename: two processes that start together both end with a whole file.
        var temporary = Path.Combine(folder, $"{NativeName}.{Environment.ProcessId}.tmp");
        File.WriteAllBytes(temporary, weak);
        File.Move(temporary, target, overwrite: true);
        return target;
    }

    private static string CacheFolder()
    {
        if (Environment.GetEnvironmentVariable("ASSAY_CACHE") is { Length: > 0 } chosen)
            return chosen;
        var home = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg
            ? xdg
            : Environment.GetEnvironmentVariable("HOME") is { Length: > 0 } user ? Path.Combine(user, ".cache") : Path.GetTempPath();
        return Path.Combine(home, "Assay");
    }
}
