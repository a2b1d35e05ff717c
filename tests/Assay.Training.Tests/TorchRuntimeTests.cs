using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Assay.Training.Tests;

public sealed class TorchRuntimeTests
{
    private static byte[]? Library()
    {
        var path = Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native", "libLibTorchSharp.so");
        return File.Exists(path) ? File.ReadAllBytes(path) : null;
    }

    [Fact]
    public void Only_the_flags_of_the_one_version_change()
    {
        // The library is there on Linux only; elsewhere nothing is ever patched.
        if (Library() is not { } original)
        {
            Assert.False(OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64);
            return;
        }
        var requirement = Assert.Single(ElfVersionPatch.Requirements(original, "GLIBCXX_3.4.32"));
        Assert.Equal(0, BinaryPrimitives.ReadUInt16LittleEndian(original.AsSpan(requirement + 4)) & 2);
        var patched = ElfVersionPatch.Weaken(original, "GLIBCXX_3.4.32");
        Assert.Equal(2, BinaryPrimitives.ReadUInt16LittleEndian(patched.AsSpan(requirement + 4)) & 2);
        var changed = Enumerable.Range(0, original.Length).Where(i => original[i] != patched[i]).ToArray();
        Assert.Equal([requirement + 4], changed);
        // Doing it again changes nothing, and a version that nobody asks for leaves the file alone.
        Assert.Equal(patched, ElfVersionPatch.Weaken(patched, "GLIBCXX_3.4.32"));
        Assert.Equal(original, ElfVersionPatch.Weaken(original, "GLIBCXX_9.9.9"));
    }

    [Fact]
    public void What_is_no_library_is_refused()
    {
        Assert.Throws<InvalidDataException>(() => ElfVersionPatch.Weaken("MZ not an ELF file at all, but long enough to look at its first bytes"u8, "GLIBCXX_3.4.32"));
        if (Library() is { } original)
            Assert.Throws<InvalidDataException>(() => ElfVersionPatch.Weaken(original.AsSpan(0, 1000), "GLIBCXX_3.4.32"));
    }

    [Fact]
    public void Devices_have_names_and_unknown_ones_are_refused()
    {
        Assert.Equal("cpu", TorchRuntime.Device("cpu").ToString());
        Assert.Throws<ArgumentException>(() => TorchRuntime.Device("gpu"));
    }

    [Fact]
    public void A_released_scalar_still_reads_right_for_a_while()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
            return;
        var scalars = Enumerable.Range(0, 64).Select(i => (TorchSharp.Scalar)(i + 0.5)).ToArray();
        var property = typeof(TorchSharp.Scalar).GetProperty("Handle", System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Public)!;
        var handles = scalars.Select(s => (nint)property.GetValue(s)!).ToArray();
        var before = handles.Select(Bytes).ToArray();
        foreach (var scalar in scalars)
            scalar.Dispose();
        // Without the delay the allocator writes its own links into freed memory at once.
        Assert.Equal(before, handles.Select(Bytes));

        static long[] Bytes(nint handle) => [Marshal.ReadInt64(handle), Marshal.ReadInt64(handle, 8), Marshal.ReadInt64(handle, 16)];
    }
}
