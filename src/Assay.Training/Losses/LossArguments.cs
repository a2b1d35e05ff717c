using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Assay.Training;

/// <summary>What losses check of their arguments: shapes always, values where they lie in main memory (on a GPU a look would stall it).</summary>
internal static class LossArguments
{
    /// <summary>Scores (B, K) with K ≥ 2 and class numbers (B) of int64 from 0 to K − 1.</summary>
    public static void CheckClasses(Tensor logits, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(target);
        if (logits.dim() != 2 || logits.shape[1] < 2)
            throw new ArgumentException($"scores (batch, classes) with 2 or more classes were expected, not {Shape(logits)}", nameof(logits));
        CheckRows(logits, target);
        CheckLabels(target, logits.shape[1]);
    }

    public static void CheckRows(Tensor logits, Tensor target)
    {
        if (logits.shape[0] == 0)
            throw new ArgumentException("the batch is empty", nameof(logits));
        if (!logits.is_floating_point())
            throw new ArgumentException($"real-valued scores were expected, not {logits.dtype}", nameof(logits));
        if (target.dim() != 1 || target.shape[0] != logits.shape[0])
            throw new ArgumentException($"{logits.shape[0]} labels were expected, not {Shape(target)}", nameof(target));
    }

    /// <summary>Int64 labels from 0 to classes − 1.</summary>
    public static void CheckLabels(Tensor target, long classes)
    {
        if (target.dtype != ScalarType.Int64)
            throw new ArgumentException($"class numbers of int64 were expected, not {target.dtype}", nameof(target));
        if (target.device_type != DeviceType.CPU || !target.is_contiguous())
            return;
        var labels = MemoryMarshal.Cast<byte, long>(target.bytes);
        var at = labels.IndexOfAnyExceptInRange(0, classes - 1);
        if (at >= 0)
            throw new ArgumentException($"class numbers from 0 to {classes - 1} were expected, not {labels[at]} (row {at})", nameof(target));
    }

    /// <summary>Labels 0 or 1, as int64, bool or real numbers.</summary>
    public static void CheckBinaryLabels(Tensor target)
    {
        if (target.dtype == ScalarType.Int64)
        {
            CheckLabels(target, 2);
            return;
        }
        if (target.dtype == ScalarType.Bool || target.device_type != DeviceType.CPU)
            return;
        if (!target.is_floating_point())
            throw new ArgumentException($"labels 0 and 1 as int64 or real numbers were expected, not {target.dtype}", nameof(target));
        using var scope = NewDisposeScope();
        if (target.ne(0).logical_and(target.ne(1)).any().item<bool>())
            throw new ArgumentException("labels of exactly 0 or 1 were expected", nameof(target));
    }

    public static string Shape(Tensor tensor) => $"[{string.Join(", ", tensor.shape)}]";

    /// <summary>Half precision as single; others as they are.</summary>
    public static Tensor AtLeastSingle(Tensor logits) =>
        logits.dtype is ScalarType.BFloat16 or ScalarType.Float16 ? logits.to(ScalarType.Float32) : logits.alias();
}
