namespace Assay.Data;

/// <summary>Where fetched data sets are kept.</summary>
public static class DatasetCache
{
    /// <summary>The environment variable that names another folder.</summary>
    public const string Variable = "ASSAY_CACHE";

    /// <summary>
    /// The folder: <c>ASSAY_CACHE</c> if it is set, else <c>Assay/datasets</c> in the user's cache folder (<c>XDG_CACHE_HOME</c> or
    /// <c>~/.cache</c>, <c>~/Library/Caches</c> on macOS, the local application data on Windows).
    /// </summary>
    public static string Folder
    {
        get
        {
            if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } chosen)
                return Path.GetFullPath(chosen);
            var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
            var cache = OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
                : OperatingSystem.IsMacOS() ? Path.Combine(home, "Library", "Caches")
                : Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg ? xdg
                : Path.Combine(home, ".cache");
            return Path.Combine(cache, "Assay", "datasets");
        }
    }
}
