using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Assay.Training;

/// <summary>
/// Keeps the native memory of a TorchSharp <c>Scalar</c> for some seconds after its finaliser asked to free it.
/// </summary>
/// <remarks>
/// <c>x.mul(0.5)</c> makes a Scalar, reads its handle and calls libtorch; nothing holds the Scalar during that call. A garbage collection
/// at the wrong moment runs its finaliser on another thread, and libtorch reads freed memory: a wrong number, an exception, or the end
/// of the process. It happens in practice when several trainings run at once. Until TorchSharp keeps its arguments alive, the library's
/// entry <c>THSTorch_dispose_scalar</c> is redirected here; the memory goes back two to four seconds later, long after any call has read
/// its argument. Only Linux on x64 is treated, where it can be tested; elsewhere nothing changes.
/// </remarks>
internal static class DelayedScalarRelease
{
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(2);
    private static readonly Lock Gate = new();
    private static readonly Release Redirected = Later; // the delegate must outlive the library
    private static List<nint> young = [], old = [];
    private static long turned = Stopwatch.GetTimestamp();

    private delegate void Release(nint scalar);

    private delegate int Protect(nint address, nuint length, int protection);

    /// <summary>Redirects the entry of a loaded library.</summary>
    /// <returns>Whether it was done.</returns>
    public static bool Install(nint library)
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64
            || !NativeLibrary.TryGetExport(library, "THSTorch_dispose_scalar", out var entry)
            || !NativeLibrary.TryLoad("libc.so.6", out var libc) || !NativeLibrary.TryGetExport(libc, "mprotect", out var address))
            return false;
        var protect = Marshal.GetDelegateForFunctionPointer<Protect>(address);
        byte[] jump = [0xff, 0x25, 0, 0, 0, 0, .. BitConverter.GetBytes((long)Marshal.GetFunctionPointerForDelegate(Redirected))]; // jmp [rip]; its target
        var page = entry & ~((nint)Environment.SystemPageSize - 1);
        var length = (nuint)(entry + jump.Length - page);
        const int read = 1, write = 2, execute = 4;
        if (protect(page, length, read | write | execute) != 0)
            return false;
        Marshal.Copy(jump, 0, entry, jump.Length);
        return protect(page, length, read | execute) == 0;
    }

    private static void Later(nint scalar)
    {
        List<nint>? due = null;
        lock (Gate)
        {
            if (scalar != 0)
                young.Add(scalar);
            if (Stopwatch.GetElapsedTime(turned) > Delay)
            {
                (due, old, young) = (old, young, []);
                turned = Stopwatch.GetTimestamp();
            }
        }
        foreach (var pointer in due ?? [])
            Free(pointer);
    }

    // Scalars of numbers and truth values, the only ones that TorchSharp makes, have no destructor; the library's operator delete is free().
    private static unsafe void Free(nint pointer) => NativeMemory.Free((void*)pointer);
}
