using Assay.Statistics;
using Assay.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Assay.Lab;

/// <summary>Asks a loss once, on zeros: a loss for other data fails here, and not deep inside a training.</summary>
internal static class LossProbe
{
    /// <summary>Calls the loss on outputs of zero, with the shapes that training would give it.</summary>
    public static void Call(nn.Module<Tensor, Tensor, Tensor> loss, int outputs, Tensor targets)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        if (loss is EmbeddingLoss embeddings)
        {
            using var bound = embeddings.ForClasses(outputs, new SeededRandom(0));
            bound.to(targets.device).call(zeros(targets.shape[0], bound.Dimensions, device: targets.device), targets);
        }
        else
            loss.call(zeros(targets.shape[0], outputs, device: targets.device), targets);
    }
}
