namespace Assay.Lab;

/// <summary>The lock of a run's writer: a file held open exclusively, which the system releases when the process ends.</summary>
internal static class RunLock
{
    public static FileStream Take(string folder) => TryTake(folder) ?? throw new IOException($"{folder} is being written by another process");

    public static FileStream? TryTake(string folder)
    {
        // A reader that asks IsHeld holds the lock for an instant: try again before giving up.
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return new FileStream(Path.Combine(folder, Run.LockFile), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (Exception e) when (e is IOException and not DirectoryNotFoundException and not FileNotFoundException)
            {
                if (attempt == 4)
                    return null;
                Thread.Sleep(10);
            }
        }
    }

    public static bool IsHeld(string folder)
    {
        var path = Path.Combine(folder, Run.LockFile);
        if (!File.Exists(path))
            return false;
        try
        {
            new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.None).Dispose();
            return false;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (DirectoryNotFoundException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false; // another user's finished run
        }
    }
}
